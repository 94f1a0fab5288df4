"""Every dialect's fixtures, served by a mock: what a fault does to them is what that dialect's own parser sees."""

import itertools
from collections.abc import Iterable

import pytest

from playground.interchange.stream_jsonl import dump, load_runs
from playground.mock.answer import Recording, answer
from playground.mock.dialects import Asked
from playground.mock.options import AS_RECORDED, MockOptions, with_faults
from playground.mock.schedule import Action, Step
from playground.providers.dialects import DIALECTS
from playground.providers.dialects.base import Parser
from playground.recording.session_file import RecordedRun, RecordedSession, RecordedTurn
from tests.mock.recordings import recorded
from tests.providers.dialect_fixtures import Fixture, fixtures

ALL = [fixture for dialect in DIALECTS for fixture in fixtures(dialect)]
STREAMS = [fixture for fixture in ALL if not fixture.is_whole]
COMPLETE = [fixture for fixture in STREAMS if not fixture.error]


def recording_of(fixture: Fixture) -> Recording:
    """Its events 10 ms after each other, each cut in two reads."""
    pieces: list[tuple[int, bytes]] = []
    for number, piece in enumerate(fixture.pieces(), 1):
        half = len(piece) // 2
        pieces += [(number * 10_000, piece[:half]), (number * 10_000 + 1, piece[half:])]
    ended = {"error": (fixture.error, "It failed."), "ended": "failed"} if fixture.error else {}
    timed = [(t, raw) for t, raw in pieces if raw]
    return recorded(timed, fixture.dialect, content_type=fixture.content_type, **ended)  # type: ignore[arg-type]


def steps_of(fixture: Fixture, *faults: str) -> list[Step]:
    recording = recording_of(fixture)
    options: MockOptions = with_faults(AS_RECORDED, faults)
    return list(answer(recording, Asked(fixture.dialect, not fixture.is_whole), options).steps)


def sent(steps: Iterable[Step]) -> bytes:
    return b"".join(raw for _due, raw in steps if not isinstance(raw, Action))


def parsed(fixture: Fixture, raw: bytes) -> tuple[list[object], Parser]:
    """The chunks, and the parser that saw them."""
    parser = DIALECTS[fixture.dialect].parser(fixture.request())
    parts = [*parser.feed(raw), *parser.close()]
    return [part.data for part in parts if part.kind == "chunk"], parser


@pytest.mark.parametrize("fixture", ALL, ids=str)
def test_the_bytes_are_the_same_and_so_they_are_after_a_file(fixture: Fixture) -> None:
    recording = recording_of(fixture)
    steps = steps_of(fixture)
    assert sent(steps) == fixture.raw
    turn = RecordedTurn("Hi", runs=[RecordedRun(0, recording.model, [], recording.events, recording.reads)])
    (loaded,) = load_runs(dump(RecordedSession("", [turn])))
    again = Recording(recording.id, loaded.model, loaded.events, loaded.reads)
    asked = Asked(fixture.dialect, not fixture.is_whole)
    assert list(answer(again, asked, AS_RECORDED).steps) == steps


@pytest.mark.parametrize("fixture", STREAMS, ids=str)
def test_a_cut_leaves_so_many_chunks(fixture: Fixture) -> None:
    chunks, _ = parsed(fixture, fixture.raw)
    ends = [event.offset for event in recording_of(fixture).events if event.kind == "chunk"]
    for k in range(len(chunks)):
        left = ends.index(ends[k])  # of several chunks in one event, none comes
        got = DIALECTS[fixture.dialect].parser(fixture.request()).feed(sent(steps_of(fixture, f"cut@{k}")))
        assert [part.data for part in got if part.kind == "chunk"] == chunks[:left]


@pytest.mark.parametrize("fixture", COMPLETE, ids=str)
def test_without_its_end_marker_a_stream_is_not_complete(fixture: Fixture) -> None:
    raw = sent(steps_of(fixture, "no-end"))
    assert fixture.raw.startswith(raw)
    assert len(raw) < len(fixture.raw)
    _, parser = parsed(fixture, raw)
    assert parser.error is not None
    assert not parser.done


@pytest.mark.parametrize("fixture", COMPLETE, ids=str)
def test_an_error_is_one_in_its_dialect(fixture: Fixture) -> None:
    if not parsed(fixture, fixture.raw)[0]:
        return
    _, parser = parsed(fixture, sent(steps_of(fixture, "error@0")))
    assert parser.error is not None
    assert "as error@0 asks" in parser.error.message


@pytest.mark.parametrize("fixture", COMPLETE, ids=str)
def test_neither_crlf_nor_a_split_changes_what_is_read(fixture: Fixture) -> None:
    chunks, _ = parsed(fixture, fixture.raw)
    for k, _chunk in enumerate(chunks):
        steps = steps_of(fixture, f"split@{k}", "crlf")
        assert all(a[0] <= b[0] for a, b in itertools.pairwise(steps))
        got, parser = parsed(fixture, sent(steps))
        assert (got, parser.error) == (chunks, None)
