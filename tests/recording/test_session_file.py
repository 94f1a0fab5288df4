"""Sessions as JSON documents: what was written is read again, and what is wrong is named."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from playground.recording.events import CHUNK, RUN_ENDED, RUN_STARTED, Event
from playground.recording.log import Read
from playground.recording.session_file import (
    NotASessionFile,
    RecordedRun,
    RecordedSession,
    RecordedTurn,
    dump,
    load,
)

END = {"status": "completed", "finish_reason": "stop", "error": None, "attempts": 1}
EVENTS = [
    Event(0, 0, RUN_STARTED, {"model": "sim/sim"}),
    Event(1, 1000, CHUNK, "气泡\n水 🫧", 12),
    Event(2, 2000, CHUNK, {"reasoning": "hm"}, 20),
    Event(3, 3000, RUN_ENDED, END),
]
ASKED = [{"role": "user", "content": "Hi"}]
RUN = RecordedRun(1, "sim/sim", ASKED, EVENTS, [Read(1000, b"\x00\xff")], retries=0, continues=0)
SESSION = RecordedSession("气泡", [RecordedTurn("Hi", "Be brief.", {"temperature": 0.5}, [RUN])])


def test_what_was_written_is_read_again() -> None:
    assert load(dump(SESSION)) == SESSION


def change(path: list[Any], value: Any) -> Callable[[Any], None]:
    def apply(document: Any) -> None:
        for key in path[:-1]:
            document = document[key]
        document[path[-1]] = value

    return apply


RUN_PATH = ["turns", 0, "runs", 0]


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        (["format"], "other", "not an exported session"),
        (["version"], 2, "version 2"),
        (["title"], 5, "“title” must be a text"),
        (["turns"], {}, "“turns” must be a list"),
        (["turns", 0], 5, "turn 1"),
        (["turns", 0, "parameters"], [], "“parameters” must be an object"),
        ([*RUN_PATH, "events", 1], [1, "nonsense", "", -1], "event 1 must be"),
        ([*RUN_PATH, "events", 1], [-1, "chunk", "", -1], "event 1 must be"),
        ([*RUN_PATH, "events", 3], [1, "chunk", "", -1], "must end with"),
        ([*RUN_PATH, "events", 1], [2**41, "chunk", "", -1], "event 1 must be"),
        ([*RUN_PATH, "events", 2], [1, "chunk", "", -1], "an earlier time"),
        ([*RUN_PATH, "events", 1], [1000, "chunk", {"text": 5}, -1], "“text” that is not of its kind"),
        ([*RUN_PATH, "events", 1], [1000, "chunk", {"tool_call": []}, -1], "“tool_call” that"),
        ([*RUN_PATH, "events", 1], [1000, "chunk", {"logprobs": [5]}, -1], "“logprobs” that"),
        ([*RUN_PATH, "events", 1], [1000, "notice", "text", -1], "“data” that"),
        ([*RUN_PATH, "events", 3, 2], {**END, "usage": {"a": "\0"}}, "its “usage” an object"),
        ([*RUN_PATH, "messages"], [{"role": "user"}], "each message must have"),
        ([*RUN_PATH, "events", 3, 2], {"status": "splendid"}, "must name the run's status"),
        ([*RUN_PATH, "events", 3, 2], {**END, "error": {"code": 5}}, "“code” and a “message”"),
        ([*RUN_PATH, "events", 3, 2], {**END, "attempts": "many"}, "“attempts” must be a number"),
        ([*RUN_PATH, "reads"], [[0, "!!"]], "“reads” must be"),
        ([*RUN_PATH, "lane"], 8, "“lane” must be"),
    ],
)
def test_what_is_wrong_is_named(path: list[Any], value: Any, reason: str) -> None:
    document = orjson.loads(dump(SESSION))
    change(path, value)(document)
    with pytest.raises(NotASessionFile, match=reason):
        load(orjson.dumps(document))


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b"[]", b"null"])
def test_what_is_no_document_is_refused(raw: bytes) -> None:
    with pytest.raises(NotASessionFile):
        load(raw)
