"""When which bytes of a recording go out."""

import itertools
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.mock.answer import Recording
from playground.mock.errors import BadOption
from playground.mock.options import MockOptions, parse_fault, with_faults, with_options
from playground.mock.schedule import Action, Step, schedule
from playground.mock.tape import Body
from playground.providers.dialects import DIALECTS
from playground.providers.request import GenerationRequest
from tests.mock.recordings import TEXTS, chat, chat_frames, recorded

DONE = b"data: [DONE]\n\n"


def body_of(recording: Recording) -> Body:
    assert recording.body is not None
    return recording.body


def plan(recording: Recording, *faults: str, **given: object) -> list[Step]:
    return list(schedule(body_of(recording), with_faults(with_options(MockOptions(), given), faults)).steps)


def sent(steps: Iterable[Step]) -> bytes:
    return b"".join(raw for _due, raw in steps if not isinstance(raw, Action))


def texts(raw: bytes) -> list[str]:
    parser = DIALECTS["openai-chat"].parser(GenerationRequest(model="", messages=()))
    parts = [*parser.feed(raw), *parser.close()]
    return [part.data for part in parts if part.kind == "chunk" and isinstance(part.data, str)]


def ending(steps: list[Step]) -> Action:
    last = steps[-1][1]
    assert isinstance(last, Action)
    return last


def test_a_recording_goes_out_as_it_came() -> None:
    frames = chat_frames()
    steps = plan(chat())
    assert [raw for _due, raw in steps[:-1]] == frames
    assert [due for due, _raw in steps[:-1]] == [200_000 + 10_000 * number for number in range(len(frames))]
    assert ending(steps) is Action.END


times = st.lists(st.integers(0, 400_000), min_size=1, max_size=30)


@st.composite
def recordings(draw: st.DrawFn) -> tuple[Recording, list[tuple[int, bytes]]]:
    """A chat cut into reads anywhere, at any times."""
    raw = b"".join(chat_frames(draw(st.lists(st.text(min_size=1, max_size=6), min_size=1, max_size=6))))
    cuts = sorted(draw(st.sets(st.integers(1, len(raw) - 1), max_size=20)))
    pieces = [raw[a:b] for a, b in itertools.pairwise([0, *cuts, len(raw)])]
    gaps = draw(st.lists(st.integers(0, 3_000_000), min_size=len(pieces), max_size=len(pieces)))
    timed = list(zip(itertools.accumulate(gaps), pieces, strict=True))
    return recorded(timed), timed


@given(recordings())
def test_bytes_are_identical_and_times_within_a_millisecond(made: tuple[Recording, list[tuple[int, bytes]]]) -> None:
    recording, timed = made
    steps = plan(recording)
    assert [raw for _due, raw in steps[:-1]] == [raw for _t, raw in timed]
    assert all(abs(due - t) < 1000 for (due, _raw), (t, _) in zip(steps, timed, strict=False))


@given(recordings(), st.sampled_from(["0", "0.25", "1", "8", "1000"]), st.integers(0, 5_000_000), st.data())
def test_whatever_is_asked_for_time_never_goes_back(
    made: tuple[Recording, object], speed: str, seek: int, data: st.DataObject
) -> None:
    recording = made[0]
    count = len(body_of(recording).chunks)
    words = [f"{word}@{k}" for word in ("cut", "error", "double", "split") for k in range(count)]
    words += [f"stall@{k}:1.5" for k in range(count)] + ["no-end", "crlf"]
    faults = data.draw(st.lists(st.sampled_from(words), max_size=4))
    loop = data.draw(st.integers(1, 3))
    begin = min(seek, body_of(recording).ends_at) / 1e6
    steps = plan(recording, *faults, speed=speed, seek=str(begin), loop=loop)
    assert all(a[0] <= b[0] for a, b in itertools.pairwise(steps))
    assert isinstance(steps[-1][1], Action)
    assert not any(isinstance(raw, Action) for _due, raw in steps[:-1])


@given(recordings(), st.data())
def test_a_split_changes_no_byte(made: tuple[Recording, object], data: st.DataObject) -> None:
    recording = made[0]
    k = data.draw(st.integers(0, len(body_of(recording).chunks) - 1))
    assert sent(plan(recording, f"split@{k}")) == body_of(recording).raw


@given(recordings(), st.data())
def test_a_cut_keeps_the_chunks_before_it(made: tuple[Recording, object], data: st.DataObject) -> None:
    recording = made[0]
    k = data.draw(st.integers(0, len(body_of(recording).chunks)))
    steps = plan(recording, f"cut@{k}")
    assert len(texts(sent(steps))) == k
    assert ending(steps) is Action.CUT
    assert body_of(recording).raw.startswith(sent(steps))


@given(recordings())
def test_crlf_changes_line_ends_only(made: tuple[Recording, object]) -> None:
    raw = sent(plan(made[0], "crlf"))
    assert raw.replace(b"\r\n", b"\n") == body_of(made[0]).raw
    assert b"\n" not in raw.replace(b"\r\n", b"")


def test_speed_divides_the_times() -> None:
    assert [due for due, _ in plan(chat(), speed=2)][:2] == [100_000, 105_000]
    assert {due for due, _ in plan(chat(), speed=0)} == {0}


def test_what_lies_before_the_place_to_begin_at_comes_at_once() -> None:
    dues = [due for due, _ in plan(chat(), seek=0.22)]
    assert dues[:5] == [0, 0, 0, 10_000, 20_000]
    assert [due for due, _ in plan(chat(), seek="#1")] == dues  # after the role and one text
    assert sent(plan(chat(), seek=0.22)) == b"".join(chat_frames())


def test_a_loop_tells_the_chunks_again_and_ends_once() -> None:
    steps = plan(chat(), loop=3)
    assert texts(sent(steps)) == [*TEXTS] * 3
    assert sent(steps).count(b'"role"') == sent(steps).count(DONE) == 1
    dues = [due for due, _ in steps[1:-3]]
    assert {b - a for a, b in itertools.pairwise(dues)} == {10_000}


def test_a_stall_delays_all_that_follows() -> None:
    plain, stalled = plan(chat()), plan(chat(), "stall@2:1.5")
    late = [b[0] - a[0] for a, b in zip(plain, stalled, strict=True)]
    assert late == [0, 0, 0, *[1_500_000] * 6]
    assert sent(stalled) == sent(plain)


def test_the_speed_leaves_a_stall_as_long_as_it_is() -> None:
    assert plan(chat(), "stall@0:2", speed=0)[-1][0] == 2_000_000


def test_a_chunk_comes_twice() -> None:
    twice = [text for text in TEXTS for _ in range(2 if text == "llo" else 1)]
    assert texts(sent(plan(chat(), "double@1"))) == twice
    assert texts(sent(plan(chat(), "double@1", "double@1"))).count("llo") == 3


def test_an_error_takes_the_place_of_a_chunk() -> None:
    raw = sent(plan(chat(), "error@2"))
    assert raw.startswith(b"".join(chat_frames()[:3]))
    assert raw.count(b"data: ") == 4
    assert b'data: {"error":{' in raw
    assert DONE not in raw


def test_the_end_marker_is_left_out() -> None:
    steps = plan(chat(), "no-end")
    assert sent(steps) == b"".join(chat_frames()[:-1])
    assert ending(steps) is Action.END


def test_a_split_is_inside_of_a_character() -> None:
    steps = plan(chat(), "split@3")  # the first character of more than a byte from there on is the 🎉
    (place,) = (at for at, (_due, raw) in enumerate(steps) if isinstance(raw, bytes) and raw.endswith(b"\xf0"))
    after = steps[place + 1]
    assert isinstance(after[1], bytes)
    assert after[1].startswith(b"\x9f\x8e\x89")
    assert after[0] - steps[place][0] == 50_000


def test_faults_add_up() -> None:
    steps = plan(chat(), "double@0", "stall@1:1", "cut@3", "crlf")
    assert texts(sent(steps)) == ["Hé", "Hé", "llo", " wörld"]
    assert ending(steps) is Action.CUT
    assert steps[-1][0] == 200_000 + 4 * 10_000 + 1_000_000


@pytest.mark.parametrize("fault", ["cut@6", "double@5", "split@5", "stall@6:1", "error@9"])
def test_a_fault_at_a_chunk_that_is_not_there_is_refused(fault: str) -> None:
    with pytest.raises(BadOption, match="has 5 chunks, counted from 0"):
        plan(chat(), fault)
    with pytest.raises(BadOption, match="has 5 chunks"):
        plan(chat(), seek="#5")
    with pytest.raises(BadOption, match=r"99: the recording is over after 0\.\d+ seconds"):
        plan(chat(), seek=99)


def test_crlf_and_comments_of_the_recording_stay_where_they_belong() -> None:
    frames = [raw.replace(b"\n", b"\r\n") for raw in chat_frames()]
    frames.insert(3, b": ping\r\n\r\n")
    recording = recorded([(1, b"".join(frames))])
    assert sent(plan(recording, "double@2")) == b"".join([*frames[:5], frames[4], *frames[5:]])
    assert sent(plan(recording, "crlf")) == b"".join(frames)
    assert parse_fault("crlf").word == "crlf"  # type: ignore[union-attr]
