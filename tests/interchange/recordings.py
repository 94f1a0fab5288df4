"""Recordings that the tests write and read."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playground.interchange.formats import Recording
from playground.recording import session_file
from playground.recording.events import (
    ATTEMPT_FAILED,
    ATTEMPT_STARTED,
    CHUNK,
    FIRST_BYTE,
    RESPONSE_HEADERS,
    RETRY_SCHEDULED,
    RUN_ENDED,
    RUN_STARTED,
    STEP_ENDED,
    STEP_STARTED,
    Event,
    EventData,
)
from playground.recording.log import Read
from playground.recording.session_file import RecordedRun, RecordedTurn

RUN_ID = "0199f3a0-0000-7000-8000-000000000001"
STARTED = datetime(2026, 11, 21, 20, 0, 0, 123456, UTC)
SAMPLES = Path(session_file.__file__).parents[1] / "runs" / "sample_sessions"
END = {
    "status": "completed",
    "finish_reason": "stop",
    "error": None,
    "attempts": 2,
    "usage": {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8},
}
CALL = {"index": 0, "id": "call_1", "name": "weather", "arguments": '{"city": "'}
Step = tuple[int, str, EventData, int]


def recording(steps: list[Step], *, reads: list[Read] | None = None, **turn: Any) -> Recording:
    events = [Event(seq, *step) for seq, step in enumerate(steps)]
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Weather?"}]
    run = RecordedRun(0, "openai/gpt-x", messages, events, reads or [], None, STARTED, STARTED)
    given = {"prompt": "Weather?", "system": "Be brief.", "parameters": {"temperature": 0.5, "max_tokens": 9}, **turn}
    return Recording("The weather", RecordedTurn(**given, runs=[run]), run, RUN_ID)


def retried() -> Recording:
    """A first attempt that was refused; then reasoning, a text, and a tool call in two pieces."""
    url = "https://api.example.com/v1/chat/completions"
    return recording(
        [
            (0, RUN_STARTED, {"model": "openai/gpt-x", "dialect": "openai-chat"}, -1),
            (10, ATTEMPT_STARTED, {"attempt": 1, "method": "POST", "url": url}, -1),
            (2000, RESPONSE_HEADERS, {"attempt": 1, "status": 429, "headers": {}}, -1),
            (2100, FIRST_BYTE, {"attempt": 1}, 1),
            (2200, ATTEMPT_FAILED, {"attempt": 1, "code": "rate_limited", "message": "Slow down.", "status": 429}, -1),
            (2300, RETRY_SCHEDULED, {"attempt": 2, "of": 3, "delay_ms": 1, "code": "rate_limited"}, -1),
            (3000, ATTEMPT_STARTED, {"attempt": 2, "method": "POST", "url": url}, -1),
            (4000, RESPONSE_HEADERS, {"attempt": 2, "status": 200, "headers": {}}, -1),
            (5000, FIRST_BYTE, {"attempt": 2}, 6),
            (5000, CHUNK, {"reasoning": "Hm.", "attempt": 2}, 9),
            (6500, CHUNK, {"text": "=It is 气泡", "attempt": 2}, 20),
            (7000, CHUNK, {"tool_call": CALL, "attempt": 2}, 25),
            (8000, CHUNK, {"tool_call": {"index": 0, "arguments": 'X"}'}, "attempt": 2}, 30),
            (9000, RUN_ENDED, END, -1),
        ],
        reads=[Read(2100, b"error"), Read(5000, b"data: one"), Read(6500, b"data: two\xff")],
    )


def nested(*, has_root: bool = True) -> Recording:
    """A chain that asks a model, and a tool that fails. The chain is the root, or what is around it is not a step."""

    def step(name: str, kind: str, **more: Any) -> dict[str, Any]:
        return {"step": f"id-{name}", "name": name, "type": kind, "tags": ["t"], "metadata": {"k": 1}, **more}

    above = [] if has_root else ["unknown"]
    agent = {"parent": None if has_root else "unknown", "parents": above}
    below = {"parent": "id-agent", "parents": [*above, "id-agent"]}
    return recording(
        [
            (0, RUN_STARTED, {"model": "chains/agent", "dialect": "langchain"}, -1),
            (0, ATTEMPT_STARTED, {"attempt": 1}, -1),
            (100, STEP_STARTED, step("agent", "chain", input="Weather?", **agent), -1),
            (200, STEP_STARTED, step("gpt", "chat_model", input={"messages": []}, **below), -1),
            (300, CHUNK, "It ", -1),
            (400, CHUNK, "rains.", -1),
            (500, STEP_ENDED, step("gpt", "chat_model", output="It rains.", **below), -1),
            (600, STEP_STARTED, step("look", "tool", input={"q": 1}, **below), -1),
            (700, STEP_ENDED, step("look", "tool", error={"type": "ToolError", "message": "No window."}, **below), -1),
            (800, STEP_ENDED, step("agent", "chain", output="It rains.", **agent), -1),
            (900, RUN_ENDED, {"status": "completed", "finish_reason": None, "error": None, "attempts": 1}, -1),
        ]
    )


def chunks(run: RecordedRun) -> list[tuple[int, EventData]]:
    return [(event.t, event.data) for event in run.events if event.kind == CHUNK]


def data_of(run: RecordedRun, kind: str) -> list[dict[str, Any]]:
    return [dict(event.data) for event in run.events if event.kind == kind and not isinstance(event.data, str)]


def samples() -> list[Recording]:
    """The shipped recordings of real streams."""
    sessions = [session_file.load(file.read_bytes()) for file in sorted(SAMPLES.glob("*.json"))]
    return [Recording(s.title, turn, run, RUN_ID) for s in sessions for turn in s.turns for run in turn.runs]
