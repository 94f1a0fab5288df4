"""The snippets of the article that the playground grew out of run against the gateway as they are.

Only `base_url`, `api_key` and `model` differ from what one writes for OpenAI. The model is the simulator's, and the
embedded one where it can run.
"""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from langchain_openai import OpenAI

from tests.server import ROOT, Client

SONG = "Write me a 1 verse song about sparkling water."
GOLDFISH = "Write me a 1 verse song about goldfish on the moon"
MODELS = ["sim/sim-n24-r200", pytest.param("local/smollm2-135m", marks=pytest.mark.model)]


@pytest.fixture(params=MODELS)
def llm(request: pytest.FixtureRequest, base_url: str, person: Client) -> OpenAI:
    return OpenAI(base_url=base_url, api_key=person.token, model=request.param, temperature=0, max_tokens=24)


def test_stream_prints_token_by_token(llm: OpenAI, capsys: pytest.CaptureFixture[str]) -> None:
    for chunk in llm.stream(SONG):
        print(chunk, end="|", flush=True)
    printed = capsys.readouterr().out
    assert printed.count("|") > 10
    assert printed.endswith("||")  # the last chunk is empty


def test_astream_yields_what_stream_does(llm: OpenAI) -> None:
    async def chunks() -> list[str]:
        return [chunk async for chunk in llm.astream(SONG)]

    streamed = asyncio.run(chunks())
    assert streamed == list(llm.stream(SONG))
    assert "".join(streamed) == llm.invoke(SONG)


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.filterwarnings("ignore:.*v1.*:DeprecationWarning")
def test_astream_events_tells_start_tokens_and_end(llm: OpenAI, version: str) -> None:
    async def events() -> list[dict[str, object]]:
        return [dict(event) async for event in llm.astream_events(GOLDFISH, version=version)]

    happened = asyncio.run(events())
    names = [event["event"] for event in happened]
    assert names[0] == "on_llm_start"
    assert names[-1] == "on_llm_end"
    assert set(names[1:-1]) == {"on_llm_stream"}
    assert len(names) > 10


def test_batch_and_abatch_answer_each_prompt(llm: OpenAI) -> None:
    answers = llm.batch([SONG, GOLDFISH])
    assert answers == asyncio.run(llm.abatch([SONG, GOLDFISH]))
    assert len(answers) == 2
    assert all(answers)


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
    llm = OpenAI(base_url=base_url, api_key=person.token, model="sim/sim-n24-r200")
    text = "".join(llm.stream("Is this recorded?"))
    (session,) = person.http.get("/sessions", params={"q": "Is this recorded?"}).json()["sessions"]
    (turn,) = person.http.get(f"/sessions/{session['id']}").json()["turns"]
    (run,) = turn["runs"]
    assert run["status"] == "completed"
    assert person.run(run["id"])["text"] == text
