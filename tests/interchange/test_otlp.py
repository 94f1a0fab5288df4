"""OpenTelemetry spans: what is written follows the conventions, and those of every age are read."""

from typing import Any

import orjson
import pytest

from playground.interchange.errors import NotARecording
from playground.interchange.formats import WRITERS, read
from playground.recording.events import NOTICE, RUN_ENDED
from playground.recording.session_file import RecordedTurn
from tests.interchange.recordings import RUN_ID, STARTED, chunks, data_of, nested, retried

START = int(STARTED.timestamp() * 1_000_000) * 1000


def spans_of(raw: bytes) -> list[dict[str, Any]]:
    return orjson.loads(raw)["resourceSpans"][0]["scopeSpans"][0]["spans"]  # type: ignore[no-any-return]


def attributes(span: dict[str, Any]) -> dict[str, Any]:
    return {one["key"]: next(iter(one["value"].values())) for one in span["attributes"]}


def document(*spans: dict[str, Any]) -> bytes:
    return orjson.dumps({"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]}]})


def values(given: dict[str, Any]) -> list[dict[str, Any]]:
    def value(one: Any) -> dict[str, Any]:
        if isinstance(one, int):
            return {"intValue": str(one)}
        if isinstance(one, float):
            return {"doubleValue": one}
        if isinstance(one, list):
            return {"arrayValue": {"values": [value(item) for item in one]}}
        return {"stringValue": one}

    return [{"key": key, "value": value(one)} for key, one in given.items()]


def span(about: dict[str, Any], events: list[tuple[str, dict[str, Any]]] | None = None, **more: Any) -> dict[str, Any]:
    told = [{"name": name, "timeUnixNano": str(START + 10**9), "attributes": values(a)} for name, a in events or []]
    times = {"startTimeUnixNano": str(START), "endTimeUnixNano": str(START + 3 * 10**9)}
    return {"name": "chat", **times, "attributes": values(about), "events": told, **more}


def only_turn(raw: bytes) -> RecordedTurn:
    found = read(raw)
    assert found.format == "otlp"
    (turn,) = found.session.turns
    return turn


def test_a_run_is_a_span_with_one_for_each_attempt() -> None:
    root, first, second = spans_of(WRITERS["otlp"].write(retried()))
    assert root["name"] == "chat gpt-x"
    assert {one["traceId"] for one in (root, first, second)} == {RUN_ID.replace("-", "")}
    assert (root["parentSpanId"], first["parentSpanId"]) == ("", root["spanId"])
    assert len({one["spanId"] for one in (root, first, second)}) == 3
    about = attributes(root)
    assert about["gen_ai.operation.name"] == "chat"
    assert about["gen_ai.provider.name"] == "openai"
    assert about["gen_ai.usage.output_tokens"] == "3"
    assert orjson.loads(about["gen_ai.input.messages"])[1] == {
        "role": "user", "parts": [{"type": "text", "content": "Weather?"}]
    }  # fmt: skip
    (output,) = orjson.loads(about["gen_ai.output.messages"])
    assert [part["type"] for part in output["parts"]] == ["reasoning", "text", "tool_call"]
    assert output["parts"][2]["arguments"] == '{"city": "X"}'
    assert root["startTimeUnixNano"] == str(START)
    assert root["endTimeUnixNano"] == str(START + 9_000_000)
    (event,) = root["events"]
    assert (event["name"], event["timeUnixNano"]) == ("playground.first_chunk", str(START + 5_000_000))
    assert (attributes(first)["error.type"], first["status"]["code"]) == ("rate_limited", 2)
    assert attributes(second)["http.response.status_code"] == "200"
    assert WRITERS["otlp"].write(retried()) == WRITERS["otlp"].write(retried())


def test_steps_are_spans_below_one_another() -> None:
    by_name = {one["name"]: one for one in spans_of(WRITERS["otlp"].write(nested()))}
    assert by_name["chat gpt"]["parentSpanId"] == by_name["agent"]["spanId"]
    assert by_name["agent"]["parentSpanId"] == by_name["invoke_agent gpt-x"]["spanId"]
    assert by_name["execute_tool look"]["status"] == {"code": 2, "message": "No window."}


def test_what_was_written_is_read_again() -> None:
    turn = only_turn(WRITERS["otlp"].write(retried()))
    (run,) = turn.runs
    assert (turn.prompt, turn.system, run.model) == ("Weather?", "Be brief.", "gpt-x")
    assert turn.parameters == {"temperature": 0.5, "max_tokens": 9}
    assert run.started_at == STARTED
    call = {"index": 0, "id": "call_1", "name": "weather", "arguments": '{"city": "X"}'}
    assert chunks(run) == [(5000, {"reasoning": "Hm."}), (5000, "=It is 气泡"), (5000, {"tool_call": call})]
    assert data_of(run, NOTICE)[0]["code"] == "no_chunks"
    assert run.events[-1].t == 9000


CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}
MESSAGES = '[{"role":"user","parts":[{"type":"text","content":"Hi"}]}]'
ANSWER = '[{"role":"assistant","parts":[{"type":"text","content":"Hello"}],"finish_reason":"stop"}]'


@pytest.mark.parametrize(
    "told",
    [
        span({**CHAT, "gen_ai.input.messages": MESSAGES, "gen_ai.output.messages": ANSWER}),
        span(
            CHAT,
            [
                (
                    "gen_ai.client.inference.operation.details",
                    {"gen_ai.input.messages": MESSAGES, "gen_ai.output.messages": ANSWER},
                )
            ],
        ),
        span(
            CHAT,
            [
                ("gen_ai.user.message", {"content": "Hi"}),
                ("gen_ai.choice", {"finish_reason": "stop", "message": '{"role":"assistant","content":"Hello"}'}),
            ],
        ),
        span(
            {"gen_ai.system": "openai", "gen_ai.request.model": "m", "gen_ai.response.finish_reasons": ["stop"]},
            [
                ("gen_ai.content.prompt", {"gen_ai.prompt": '[{"role":"user","content":"Hi"}]'}),
                ("gen_ai.content.completion", {"gen_ai.completion": '[{"role":"assistant","content":"Hello"}]'}),
            ],
        ),
        span(
            {
                "llm.request.type": "chat",
                "gen_ai.request.model": "m",
                "gen_ai.prompt.0.role": "user",
                "gen_ai.prompt.0.content": "Hi",
                "gen_ai.completion.0.content": "Hello",
                "gen_ai.completion.0.finish_reason": "stop",
            }
        ),
        span(
            {
                "openinference.span.kind": "LLM",
                "llm.model_name": "m",
                "llm.input_messages.0.message.role": "user",
                "llm.input_messages.0.message.content": "Hi",
                "llm.output_messages.0.message.content": "Hello",
                "gen_ai.response.finish_reasons": ["stop"],
            }
        ),
    ],
    ids=["1.37", "1.37 event", "1.36", "1.27", "numbered", "openinference"],
)
def test_every_age_of_the_conventions_is_read(told: dict[str, Any]) -> None:
    turn = only_turn(document(told))
    (run,) = turn.runs
    assert (turn.prompt, run.model) == ("Hi", "m")
    assert chunks(run) == [(3_000_000, "Hello")]
    assert data_of(run, RUN_ENDED)[0]["finish_reason"] == "stop"


def test_calls_are_turns_in_their_order_and_other_spans_are_none() -> None:
    later = span({**CHAT, "gen_ai.completion": "Two"}, startTimeUnixNano=str(START + 10**9))
    other = span({"gen_ai.operation.name": "execute_tool"})
    earlier = span({**CHAT, "gen_ai.completion": "One"}, [("First token received", {})])
    raw = b"\n".join(document(one) for one in (later, other, earlier))  # as a collector writes them
    turns = read(raw).session.turns
    assert [chunks(turn.runs[0]) for turn in turns] == [[(1_000_000, "One")], [(2_000_000, "Two")]]


def test_a_call_that_failed_says_why() -> None:
    status = {"code": "STATUS_CODE_ERROR", "message": "Overloaded."}
    (run,) = only_turn(document(span({**CHAT, "error.type": "529"}, status=status))).runs
    assert data_of(run, RUN_ENDED)[0]["error"] == {"code": "529", "message": "Overloaded."}


def test_a_trace_without_calls_is_refused() -> None:
    with pytest.raises(NotARecording, match="None of the 1 spans is a call"):
        read(document(span({"http.route": "/"})))
