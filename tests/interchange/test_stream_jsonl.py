"""`.stream.jsonl`: what was written is read again, exactly; what is wrong is named with its line."""

import contextlib
import itertools
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.interchange.errors import NotARecording
from playground.interchange.stream_jsonl import dump, load, load_runs
from playground.recording.events import CHUNK, FIRST_BYTE, RUN_ENDED, RUN_STARTED, Event
from playground.recording.log import Read
from playground.recording.session_file import NotASessionFile, RecordedRun, RecordedSession, RecordedTurn

END = {"status": "completed", "finish_reason": "stop", "error": None, "attempts": 1}
MOMENT = datetime(2026, 11, 21, 20, 0, 0, 123456, UTC)
BUBBLES = "泡".encode()
EVENTS = [
    Event(0, 0, RUN_STARTED, {"model": "sim/sim", "dialect": "openai-chat"}),
    Event(1, 1000, FIRST_BYTE, {"attempt": 1}, 1),
    Event(2, 2000, CHUNK, "气泡\n水 🫧\u2028", 4),
    Event(3, 2000, CHUNK, {"reasoning": "hm", "logprobs": [{"token": "a", "logprob": -0.1}]}, 4),
    Event(4, 3000, RUN_ENDED, END),
]
READS = [Read(1000, BUBBLES[:2]), Read(2000, BUBBLES[2:] + b"a"), Read(2500, b'data: "\r\n\x00')]
CALLS = {"role": "assistant", "content": "", "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "{}"}}]}
RUN = RecordedRun(1, "sim/sim", [{"role": "user", "content": "Hi"}, CALLS], EVENTS, READS, None, MOMENT, MOMENT)
TURN = RecordedTurn("Hi", "Be brief.", {"temperature": 0.5}, [RUN, RecordedRun(1, "sim/sim", [], EVENTS, [], 0)])
SESSION = RecordedSession("气泡", [TURN, RecordedTurn("Again", runs=[RUN])])


def test_what_was_written_is_read_again_and_written_the_same() -> None:
    written = dump(SESSION)
    assert load(written) == SESSION
    assert dump(load(written)) == written


def test_a_file_is_a_header_and_then_what_happened_in_its_order() -> None:
    header, *lines = map(orjson.loads, dump(RecordedSession("", [RecordedTurn("Hi", runs=[RUN])])).splitlines())
    assert list(header)[:2] == ["format", "version"]
    assert (header["model"], header["dialect"]) == ("sim/sim", "openai-chat")
    assert header["started_at"] == "2026-11-21T20:00:00.123456Z"
    order = [line.get("seq", f"read {line.get('read')}") for line in lines]
    assert order == [0, "read 1000", 1, "read 2000", 2, 3, "read 2500", 4]
    assert lines[1] == {"read": 1000, "base64": "5rM="}
    assert lines[6] == {"read": 2500, "text": 'data: "\r\n\x00'}


def test_files_can_be_put_one_after_the_other() -> None:
    one = dump(RecordedSession("One", [RecordedTurn("Hi", runs=[RUN])]))
    two = dump(RecordedSession("Two", [RecordedTurn("Ho", runs=[RUN])]))
    assert [turn.prompt for turn in load(one + b"\n" + two).turns] == ["Hi", "Ho"]
    assert load_runs(one + two) == [RUN, RUN]


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
recordings = st.builds(
    lambda gaps, raws, title, calls: RecordedSession(
        title,
        [
            RecordedTurn(
                title,
                runs=[
                    RecordedRun(
                        0,
                        "m",
                        [{"role": "tool", "content": title, "x": calls}],
                        [
                            *(Event(seq, t, CHUNK, title, seq) for seq, t in enumerate(itertools.accumulate(gaps))),
                            Event(len(gaps), sum(gaps), RUN_ENDED, END),
                        ],
                        [Read(t, raw) for t, raw in enumerate(raws)],
                    )
                ],
            )
        ],
    ),
    st.lists(st.integers(0, 10**6), max_size=8),
    st.lists(st.binary(max_size=12), max_size=8),
    texts,
    st.recursive(
        st.none() | st.booleans() | st.integers(-9, 9) | texts, lambda v: st.dictionaries(texts, v), max_leaves=4
    ),
)


@given(recordings)
def test_any_recording_comes_back_byte_for_byte(session: RecordedSession) -> None:
    written = dump(session)
    assert load(written) == session
    assert dump(load(written)) == written


LINES = dump(RecordedSession("T", [RecordedTurn("Hi", runs=[RUN])])).splitlines()


@pytest.mark.parametrize(
    ("place", "changes", "reason"),
    [
        (0, {"format": "other"}, "Line 1 has another “format”"),
        (0, {"version": 2}, "Line 1 has version 2; this server reads version 1"),
        (0, {"title": 5}, "header of line 1, “title” must be a text"),
        (0, {"lane": 8}, "header of line 1, “lane” must be"),
        (0, {"turn": -1}, "header of line 1, “turn” must be"),
        (0, {"messages": {}}, "header of line 1, “messages” must be a list"),
        (0, {"messages": [{"role": "user"}]}, "run of line 1, each message must have"),
        (0, {"started_at": "yesterday"}, "“started_at” must be a time with its zone"),
        (0, {"started_at": "2026-11-21T20:00:00"}, "“started_at” must be a time with its zone"),
        (1, {"seq": 5}, "Line 2 must be event 0"),
        (1, {"t": -1}, "Line 2 must be an event"),
        (1, {"kind": "nonsense"}, "Line 2 must be an event"),
        (2, {"base64": "!!"}, "Line 3 must be a read"),
        (2, {"read": "now"}, "Line 3 must be a read"),
        (5, {"data": {"text": 5}}, r"line 6, event 2 \(chunk\) has a “text”"),
        (5, {"t": 1}, "an earlier time"),
        (8, {"data": {"status": "splendid"}}, "must name the run's status"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(place: int, changes: dict[str, Any], reason: str) -> None:
    lines = [*LINES]
    lines[place] = orjson.dumps({**orjson.loads(lines[place]), **changes})
    with pytest.raises(NotASessionFile, match=reason):
        load(b"\n".join(lines))


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (LINES[1], "Line 1 must be a header"),
        (b"[]", "Line 1 must be an object"),
        (b"\xff", "Line 1 is not JSON"),
        (b"\n".join(LINES[:-1]), "must end with"),
        (b"[" * 100_000, "Line 1 is not JSON"),
        (b'{"a":' * 500 + b"1" + b"}" * 500, "nested too deeply"),
        (b'{"a":' * 250 + b"1" + b"}" * 250, "nested too deeply"),
    ],
)
def test_what_is_no_recording_is_refused(raw: bytes, reason: str) -> None:
    with pytest.raises(NotASessionFile, match=reason):
        load(raw)


@given(st.binary() | st.lists(st.sampled_from([*LINES, b"{}", b"null", b'{"read":1}', b'{"seq":0}'])).map(b"\n".join))
def test_hostile_bytes_never_crash(raw: bytes) -> None:
    with contextlib.suppress(NotARecording, NotASessionFile):
        load(raw)
