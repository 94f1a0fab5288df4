"""OpenTelemetry spans: what is written follows the conventions, and those of every age are read."""

from typing import Any

import orjson
import pytest

from playground.interchange.errors import NotARecording
from playground.interchange.formats import WRITERS, read
from playground.recording.events import NOTICE, RUN_ENDED
from playground.recording.session_file import RecordedTurn
from playground.recording.steps import steps
from tests.interchange.recordings import RUN_ID, STARTED, chunks, data_of, nested, recording, retried

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
    assert (turn.prompt, turn.system, run.model) == ("Weather?", "Be brief.", "openai/gpt-x")
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


def test_a_run_with_steps_comes_back_as_one_run() -> None:
    turn = only_turn(WRITERS["otlp"].write(nested()))
    (run,) = turn.runs
    assert (turn.prompt, run.model, run.started_at) == ("Weather?", "openai/gpt-x", STARTED)
    assert chunks(run) == [(300, "It rains.")]
    found = steps(run.events)
    assert [(step.name, step.type, step.depth, step.start, step.end) for step in found] == [
        ("agent", "chain", 0, 100, 800), ("gpt", "chat_model", 1, 200, 500), ("look", "tool", 1, 600, 700)
    ]  # fmt: skip
    assert (found[0].input, found[2].input, found[2].tags) == ("Weather?", {"q": 1}, ["t"])
    assert found[2].error == {"type": "ToolError", "message": "No window."}
    assert data_of(run, RUN_ENDED)[0]["status"] == "completed"


@pytest.mark.parametrize(
    ("status", "error"), [("failed", {"code": "runnable_failed", "message": "No window."}), ("cancelled", None)]
)
def test_a_run_with_steps_that_did_not_end_well_does_not_come_back_as_one_that_did(status: str, error: Any) -> None:
    events = [(e.t, e.kind, e.data, e.offset) for e in nested().run.events[:-1]]
    end = {"status": status, "finish_reason": None, "error": error, "attempts": 1}
    (run,) = only_turn(WRITERS["otlp"].write(recording([*events, (900, RUN_ENDED, end, -1)]))).runs
    ended = data_of(run, RUN_ENDED)[0]
    assert (ended["status"], ended["error"]) == (status, error)


def below(parent: str, name: str, about: dict[str, Any], start: int, end: int, **more: Any) -> dict[str, Any]:
    """A span of some ms, with its name as its id."""
    at = {"startTimeUnixNano": str(START + start * 10**6), "endTimeUnixNano": str(START + end * 10**6)}
    return span(about, spanId=name, parentSpanId=parent, **at, **more) | {"name": name}


LANGGRAPH = '{"messages": [{"type": "human", "content": "Hi"}, {"type": "ai", "content": "It rains."}]}'
ASKED = '{"messages": [{"type": "human", "content": "Hi"}]}'


def agent_of(convention: str) -> list[dict[str, Any]]:
    """An agent that asks a model, a tool, and the model again, in a service that was called over HTTP."""
    if convention == "openinference":
        kind = "openinference.span.kind"
        about = [{kind: "AGENT", "input.value": ASKED, "output.value": LANGGRAPH}]
        about += [{kind: "LLM", "llm.model_name": "m", "llm.token_count.prompt": 2}, {kind: "TOOL", "input.value": "x"}]
    else:
        about = [{"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "helper"}]
        about += [{**CHAT, "gen_ai.input.messages": MESSAGES, "gen_ai.usage.input_tokens": 2}]
        about += [{"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "look"}]
    said = {} if convention == "openinference" else {"gen_ai.output.messages": ANSWER.replace("Hello", "It rains.")}
    return [
        below("", "POST /ask", {"http.request.method": "POST"}, 0, 100),
        below("POST /ask", "helper", about[0], 10, 90),
        below("helper", "first", about[1], 20, 30),
        below("helper", "look", about[2], 40, 50, status={"code": 2, "message": "No window."}),
        below("look", "in the tool", {**CHAT, "gen_ai.completion": "a guess"}, 41, 49),
        below("helper", "last", {**about[1], **said}, 60, 80),
    ]


@pytest.mark.parametrize("convention", ["gen_ai", "openinference"])
def test_an_agent_of_another_program_is_one_run_with_steps(convention: str) -> None:
    spans = agent_of(convention)
    turn = only_turn(document(*reversed(spans)))
    (run,) = turn.runs
    assert (turn.prompt, run.model) == ("Hi", "m")
    assert "".join(text for _t, text in chunks(run) if isinstance(text, str)) == "It rains."
    assert [(step.name, step.depth) for step in steps(run.events)] == [
        ("helper", 0), ("first", 1), ("look", 1), ("in the tool", 2), ("last", 1)
    ]  # fmt: skip
    assert [step.type for step in steps(run.events)] == ["chain", "chat_model", "tool", "chat_model", "chat_model"]
    ended = data_of(run, RUN_ENDED)[0]
    assert (ended["status"], ended["usage"]["prompt_tokens"]) == ("completed", 4)


def test_an_agent_that_failed_says_why() -> None:
    spans = agent_of("gen_ai")[1:4]
    spans[0]["status"] = {"code": 2, "message": "No window."}
    (run,) = only_turn(document(*spans)).runs
    ended = data_of(run, RUN_ENDED)[0]
    assert (ended["status"], ended["error"]["message"]) == ("failed", "No window.")


def test_spans_in_a_ring_and_very_deep_ones_are_read() -> None:
    ring = [below("two", "one", CHAT, 0, 1), below("one", "two", CHAT, 0, 1)]
    assert len(read(document(*ring)).session.turns) == 2
    agent = {"gen_ai.operation.name": "invoke_agent"}
    deep = [below(str(number - 1), str(number), agent, number, 9000) for number in range(3000)]
    (run,) = only_turn(document(*deep)).runs
    assert max(step.depth for step in steps(run.events)) == 50
