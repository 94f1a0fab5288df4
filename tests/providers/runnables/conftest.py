"""Running the Runnables of `chains.py`."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from playground.providers.endpoint import Endpoint, Timeouts
from playground.providers.request import GenerationRequest, Message, Parameters
from playground.providers.runnables import DIALECT, close, stream_runnable
from playground.providers.sink import Outcome
from playground.recording.events import CHUNK, STEP_ENDED, chunk_text
from playground.recording.log import EventLog

MODULE = "tests.providers.runnables.chains"
NO_PARAMETERS = Parameters()
ASKED = (Message("user", "How is the weather?"),)


@pytest.fixture(autouse=True)
def _thread() -> Iterator[None]:
    yield
    close()


class Ran:
    """A run that has ended."""

    def __init__(self, outcome: Outcome, log: EventLog) -> None:
        self.outcome = outcome
        self.events = log.events
        self.kinds = [event.kind for event in log.events]

    @property
    def text(self) -> str:
        return "".join(chunk_text(event) for event in self.events if event.kind == CHUNK)

    def data(self, kind: str) -> list[Any]:
        return [event.data for event in self.events if event.kind == kind]

    def ended(self, name: str) -> Mapping[str, Any]:
        """The end of the first step of that name."""
        return next(data for data in self.data(STEP_ENDED) if data["name"] == name)

    def notices(self) -> list[str]:
        return [data["code"] for data in self.data("notice")]


def endpoint(name: str, **timeouts: float) -> Endpoint:
    return Endpoint(DIALECT, f"{MODULE}:{name}", timeouts=Timeouts(**timeouts))


async def run(
    name: str, messages: tuple[Message, ...] = ASKED, parameters: Parameters = NO_PARAMETERS, **timeouts: float
) -> Ran:
    log = EventLog()
    outcome = await stream_runnable(endpoint(name, **timeouts), GenerationRequest("any", messages, parameters), log)
    return Ran(outcome, log)
