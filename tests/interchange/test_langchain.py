"""LangChain's events: what is written is what its tools know, and what they write is read."""

from typing import Any

import orjson
import pytest

from playground.interchange.errors import NotARecording
from playground.interchange.formats import WRITERS, read
from playground.interchange.langchain_messages import messages_in, piece_of
from playground.recording.events import CHUNK, NOTICE, RUN_ENDED, STEP_ENDED, STEP_STARTED, USAGE
from playground.recording.session_file import RecordedRun, RecordedTurn
from tests.interchange.recordings import RUN_ID, chunks, data_of, nested, recording, retried

VERSIONS = ("v1", "v2")


def written(found: Any, version: str) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in WRITERS[f"langchain-{version}"].write(found).splitlines()]


def only_turn(raw: bytes) -> RecordedTurn:
    (turn,) = read(raw).session.turns
    return turn


def only_run(raw: bytes) -> RecordedRun:
    return only_turn(raw).runs[0]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_model_alone_is_a_root_with_a_start_its_chunks_and_an_end(version: str) -> None:
    events = written(retried(), version)
    assert [event["event"] for event in events] == [
        "on_chat_model_start", *["on_chat_model_stream"] * 6, "on_chat_model_end"
    ]  # fmt: skip
    assert {event["run_id"] for event in events} == {RUN_ID}
    assert all(event["parent_ids"] == [] for event in events)
    assert events[0]["data"]["input"]["messages"][0][1] == {"role": "user", "content": "Weather?"}
    output = events[-1]["data"]["output"]
    assert output["content"] == "=It is 气泡"
    assert output["response_metadata"] == {"finish_reason": "stop", "model_name": "gpt-x"}
    assert output["usage_metadata"] == {"input_tokens": 5, "output_tokens": 3, "total_tokens": 8}
    assert ("ls_model_name" in events[0]["metadata"]) == (version == "v2")
    assert events[2]["metadata"]["playground_t"] == 5000


@pytest.mark.parametrize("version", VERSIONS)
def test_what_was_written_is_read_with_its_chunks_and_times(version: str) -> None:
    turn = only_turn(WRITERS[f"langchain-{version}"].write(retried()))
    (run,) = turn.runs
    assert (turn.prompt, turn.system) == ("Weather?", "Be brief.")
    call = {"index": 0, "id": "call_1", "name": "weather", "arguments": '{"city": "'}
    assert chunks(run) == [
        (5000, {"reasoning": "Hm."}),
        (6500, "=It is 气泡"),
        (7000, {"tool_call": call}),
        (8000, {"tool_call": {"index": 0, "arguments": 'X"}'}}),
    ]
    assert data_of(run, USAGE)[-1] == {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}
    (end,) = data_of(run, RUN_ENDED)
    assert (end["status"], end["finish_reason"]) == ("completed", "stop")
    assert data_of(run, NOTICE) == []


STEPS = [
    ("on_chain_start", "agent"),
    ("on_chat_model_start", "gpt"),
    ("on_chat_model_stream", "gpt"),
    ("on_chat_model_stream", "gpt"),
    ("on_chat_model_end", "gpt"),
    ("on_tool_start", "look"),
    ("on_tool_error", "look"),
    ("on_chain_end", "agent"),
]


def test_steps_nest_below_the_root_and_come_back() -> None:
    events = written(nested(), "v2")
    assert [(event["event"], event["name"]) for event in events] == STEPS
    assert events[0]["parent_ids"] == []
    assert events[1]["parent_ids"] == ["id-agent"]
    assert all(event["parent_ids"] == [] for event in written(nested(), "v1"))
    run = only_run(WRITERS["langchain-v2"].write(nested()))
    assert [event.data for event in run.events if event.kind in (STEP_STARTED, STEP_ENDED, CHUNK)] == [
        event.data for event in nested().run.events if event.kind in (STEP_STARTED, STEP_ENDED, CHUNK)
    ]
    assert data_of(run, RUN_ENDED)[0]["status"] == "completed"


def test_steps_without_a_root_nest_below_the_run() -> None:
    events = written(nested(has_root=False), "v2")
    run = ("on_chain_start", "openai/gpt-x"), ("on_chain_end", "openai/gpt-x")
    assert [(event["event"], event["name"]) for event in events] == [run[0], *STEPS, run[1]]
    assert events[2]["parent_ids"] == [RUN_ID, "id-agent"]


def test_custom_events_come_back_in_v2() -> None:
    steps = [(e.t, e.kind, e.data, e.offset) for e in nested().run.events]
    notice = {"code": "custom_event", "message": "progress", "name": "progress", "data": [0.5]}
    found = recording([*steps[:4], (250, NOTICE, notice, -1), *steps[4:]])
    (event,) = [event for event in written(found, "v2") if event["event"] == "on_custom_event"]
    assert (event["name"], event["data"], event["run_id"]) == ("progress", [0.5], "id-agent")
    assert notice in data_of(only_run(WRITERS["langchain-v2"].write(found)), NOTICE)
    assert b"on_custom_event" not in WRITERS["langchain-v1"].write(found)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("make", [retried, nested])
def test_a_run_that_failed_comes_back_with_its_error(make: Any, version: str) -> None:
    end = {"status": "failed", "finish_reason": None, "error": {"code": "x", "message": "Y."}, "attempts": 1}
    events = [(e.t, e.kind, e.data, e.offset) for e in make().run.events[:-1]]
    raw = WRITERS[f"langchain-{version}"].write(recording([*events, (9000, RUN_ENDED, end, -1)]))
    assert b"on_chat_model_end" not in raw or make is nested
    run = only_run(raw)
    ended = data_of(run, RUN_ENDED)[0]
    assert (ended["status"], ended["error"], run.model) == ("failed", end["error"], "openai/gpt-x")


def lines(*events: dict[str, Any]) -> bytes:
    return b"\n".join(map(orjson.dumps, events))


def event(name: str, data: dict[str, Any], run_id: str = "a", **more: Any) -> dict[str, Any]:
    return {"event": name, "run_id": run_id, "name": "n", "data": data, "tags": [], "metadata": {}, **more}


def test_messages_as_langchain_dumps_them_are_read() -> None:
    chunk = {
        "lc": 1,
        "type": "constructor",
        "id": ["langchain", "schema", "messages", "AIMessageChunk"],
        "kwargs": {"content": [{"type": "text", "text": "Hi"}, {"type": "thinking", "thinking": "Hm"}]},
    }
    assert piece_of(chunk)[:2] == ("Hi", "Hm")
    assert piece_of({"generations": [[{"text": "", "message": {"content": "Hi"}}]]}).text == "Hi"
    assert messages_in({"messages": [[{"type": "HumanMessage", "content": "Hi"}]]}) == [
        {"role": "user", "content": "Hi"}
    ]
    assert messages_in({"topic": "water"}) == [{"role": "user", "content": "water"}]
    assert messages_in([["system", "Be brief."], ["human", "Hi"]])[0] == {"role": "system", "content": "Be brief."}


def test_a_chain_whose_models_do_not_stream_is_read_by_its_own_chunks() -> None:
    raw = lines(
        event("on_chain_start", {"input": "Hi"}),
        event("on_chat_model_start", {}, "b", parent_ids=["a"]),
        event("on_chat_model_end", {"output": {"content": "Hello"}}, "b", parent_ids=["a"]),
        event("on_parser_stream", {"chunk": "Hello"}, "c", parent_ids=["a"]),
        event("on_chain_stream", {"chunk": "Hel"}),
        event("on_chain_stream", {"chunk": "lo"}),
        event("on_chain_end", {"output": "Hello"}),
    )
    run = only_run(raw)
    assert [data for _t, data in chunks(run)] == ["Hel", "lo"]
    assert data_of(run, NOTICE)[0]["code"] == "no_times"


def test_a_model_that_does_not_stream_is_one_chunk_and_says_so() -> None:
    raw = lines(
        event("on_llm_start", {"input": {"prompts": ["Hi"]}}),
        event("on_llm_end", {"output": {"generations": [[{"text": "Hello"}]]}}),
    )
    run = only_run(raw)
    assert [data for _t, data in chunks(run)] == ["Hello"]
    assert [data["code"] for data in data_of(run, NOTICE)] == ["no_times", "one_chunk"]
    assert run.messages == [{"role": "user", "content": "Hi"}]


def test_custom_events_are_notices_and_times_of_ts_count() -> None:
    raw = lines(event("on_llm_start", {}), event("on_custom_event", {"a": 1}), event("on_llm_stream", {"chunk": "Hi"}))
    timed = b"\n".join(b"%.1f " % (n / 2) + line for n, line in enumerate(raw.split(b"\n")))
    run = only_run(timed)
    assert chunks(run) == [(1_000_000, "Hi")]
    assert data_of(run, NOTICE) == [{"code": "custom_event", "message": "n", "name": "n", "data": {"a": 1}}]
    assert [e.kind for e in run.events].count(CHUNK) == 1


@pytest.mark.parametrize(
    ("second", "reason"),
    [(b"{", "Line 2 is not JSON"), (b"{}", "Line 2 is no event")],
)
def test_what_is_wrong_is_named_with_its_line(second: bytes, reason: str) -> None:
    with pytest.raises(NotARecording, match=reason):
        read(lines(event("on_llm_start", {})) + b"\n" + second)


def test_a_root_that_failed_says_why() -> None:
    raw = lines(
        event("on_chain_start", {"input": "Hi"}),
        event("on_chain_stream", {"chunk": "Hel"}),
        event("on_chain_error", {"error": {"type": "RuntimeError", "message": "No window."}}),
    )
    run = only_run(raw)
    ended = data_of(run, RUN_ENDED)[0]
    assert (ended["status"], run.model) == ("failed", "n")
    assert ended["error"] == {"code": "runnable_failed", "message": "The Runnable raised RuntimeError: No window."}


def test_events_of_which_the_root_was_left_out_are_read_by_their_models() -> None:
    raw = lines(
        event("on_chat_model_start", {}, "b", parent_ids=["a"]),
        event("on_chat_model_stream", {"chunk": {"content": "Hel"}}, "b", parent_ids=["a"]),
        event("on_chat_model_end", {"output": {"content": "Hel"}}, "b", parent_ids=["a"]),
        event("on_chat_model_start", {}, "c", parent_ids=["a"]),
        event("on_chat_model_end", {"output": {"content": "lo"}}, "c", parent_ids=["a"]),
    )
    assert [data for _t, data in chunks(only_run(raw))] == ["Hel", "\n\n", "lo"]


def test_messages_as_python_shows_them_are_refused() -> None:
    shown = "content='A' additional_kwargs={} response_metadata={} id='run-1'"
    raw = lines(event("on_chat_model_start", {}), event("on_chat_model_stream", {"chunk": shown}))
    with pytest.raises(NotARecording, match=r"Line 2 has a message as Python shows it.*langchain_core.load.dumpd"):
        read(raw)


def test_a_file_that_just_stops_is_a_run_that_was_cut() -> None:
    first = WRITERS["langchain-v2"].write(retried()).splitlines()[:3]
    assert data_of(only_run(b"\n".join(first)), RUN_ENDED)[0]["status"] == "truncated"


@pytest.mark.parametrize("end", [["failed"], {"status": ["failed"]}, {"status": "failed", "error": "x"}, None])
def test_what_anybody_wrote_about_the_end_breaks_nothing(end: Any) -> None:
    raw = lines(event("on_llm_start", {}), event("on_llm_end", {"output": "Hi"}, metadata={"playground_end": end}))
    assert data_of(only_run(raw), RUN_ENDED)[0]["status"] in ("completed", "failed")
