"""What a client gets of an agent: its text. Its tools are its own, and it has called them already."""

from collections.abc import Iterator

import pytest

from playground.gateway.frames import ChunksForClients
from playground.providers.runnables import close
from playground.recording.events import CHUNK, STEP_STARTED, Event, EventData
from playground.recording.log import EventLog
from tests.providers.runnables.conftest import run

CALL = {"tool_call": {"index": 0, "id": "c", "name": "weather", "arguments": "{}"}}


@pytest.fixture
def _thread() -> Iterator[None]:
    yield
    close()


@pytest.mark.usefixtures("_thread")
async def test_the_tools_of_an_agent_are_not_the_client_s() -> None:
    assert list(ChunksForClients().of((await run("talking_agent")).events)) == [
        "Let",
        " me",
        " look.",
        "\n\n",
        "It",
        " is",
        " sunny",
    ]


@pytest.mark.parametrize("metadata", [{}, {"ls_provider": "openai"}])
def test_the_tool_calls_of_a_model_or_a_chain_are(metadata: EventData) -> None:
    log = EventLog()
    log.emit(STEP_STARTED, {"step": "1", "metadata": metadata})
    log.emit(CHUNK, CALL)

    assert list(ChunksForClients().of(log.events)) == [CALL]


def test_it_remembers_between_reads() -> None:
    chunks = ChunksForClients()

    assert list(chunks.of([Event(0, 0, STEP_STARTED, {"metadata": {"langgraph_node": "model"}})])) == []
    assert list(chunks.of([Event(1, 0, CHUNK, CALL), Event(2, 0, CHUNK, "Hi")])) == ["Hi"]
