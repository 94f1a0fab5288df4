"""The snippets of the article that the playground grew out of run against the gateway as they are.

Only `base_url`, `api_key` and `model` differ from what one writes for OpenAI. The model is the simulator's, and the
embedded one where it can run.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from langchain_openai import OpenAI

from tests.gateway.clients.clients import Maker
from tests.server import ROOT, Client

SONG = "Write me a 1 verse song about sparkling water."
GOLDFISH = "Write me a 1 verse song about goldfish on the moon"
SIMULATED = "sim/sim-n24-r200"
EMBEDDED = pytest.param("local/smollm2-135m", marks=pytest.mark.model)


@pytest.fixture
def models(request: pytest.FixtureRequest, base_url: str, person: Client) -> Maker:
    model = getattr(request, "param", SIMULATED)
    return Maker(OpenAI, base_url=base_url, api_key=person.token, model=model, temperature=0, max_tokens=24)


@pytest.mark.parametrize("models", [SIMULATED, EMBEDDED], indirect=True)
def test_stream_prints_token_by_token(models: Maker, capsys: pytest.CaptureFixture[str]) -> None:
    with models.opened() as llm:
        for chunk in llm.stream(SONG):
            print(chunk, end="|", flush=True)
    printed = capsys.readouterr().out
    assert printed.count("|") > 10
    assert printed.endswith("||")  # the last chunk is empty


def test_astream_yields_what_stream_does(models: Maker) -> None:
    async def chunks(llm: OpenAI) -> list[str]:
        return [chunk async for chunk in llm.astream(SONG)]

    streamed = models.run(chunks)
    with models.opened() as llm:
        assert streamed == list(llm.stream(SONG))
        assert "".join(streamed) == llm.invoke(SONG)


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.filterwarnings("ignore:.*v1.*:DeprecationWarning")
def test_astream_events_tells_start_tokens_and_end(models: Maker, version: str) -> None:
    async def events(llm: OpenAI) -> list[str]:
        return [event["event"] async for event in llm.astream_events(GOLDFISH, version=version)]

    names = models.run(events)
    assert names[0] == "on_llm_start"
    assert names[-1] == "on_llm_end"
    assert set(names[1:-1]) == {"on_llm_stream"}
    assert len(names) > 10


def test_batch_and_abatch_answer_each_prompt(models: Maker) -> None:
    async def answers(llm: OpenAI) -> list[str]:
        return await llm.abatch([SONG, GOLDFISH])

    with models.opened() as llm:
        one, two = llm.batch([SONG, GOLDFISH])
    assert [one, two] == models.run(answers)
    assert one
    assert two


def test_the_whole_example_runs(base_url: str, person: Client) -> None:
    environment = {"PLAYGROUND_URL": base_url, "PLAYGROUND_API_KEY": person.token}
    done = subprocess.run(
        [sys.executable, Path("examples") / "langchain_streaming.py"],
        cwd=ROOT,
        env={**os.environ, **environment, "PLAYGROUND_MODEL": "sim/sim-zh-n48-r200", "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "...Truncated" in done.stdout
    shown = re.search(r"Generating …\n(.*)\nDone\.\nThe final result:\n(.*?)\n", done.stdout, re.DOTALL)
    assert shown is not None
    assert shown[1].startswith(shown[2])


def test_what_a_client_streams_is_recorded(base_url: str, person: Client) -> None:
    with Maker(OpenAI, base_url=base_url, api_key=person.token, model="sim/sim-n24-r200").opened() as llm:
        text = "".join(llm.stream("Is this recorded?"))
    (session,) = person.http.get("/sessions", params={"q": "Is this recorded?"}).json()["sessions"]
    (turn,) = person.http.get(f"/sessions/{session['id']}").json()["turns"]
    (run,) = turn["runs"]
    assert run["status"] == "completed"
    assert person.run(run["id"])["text"] == text
