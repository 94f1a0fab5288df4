import contextlib
import random
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.recording.events import CHUNK, KEEPALIVE, KINDS, Event
from playground.recording.log import Read
from playground.recording.segments import CorruptSegment, pack_events, pack_reads, unpack_events, unpack_reads

texts = st.text(st.characters(exclude_categories=["Cs"]))  # JSON has no lone surrogates
data = texts | st.dictionaries(texts, texts | st.integers(-(2**53), 2**53) | st.none(), max_size=3)
columns = st.lists(
    st.tuples(st.integers(0, 2**50), st.sampled_from(KINDS), data, st.integers(-1, 2**40)), min_size=1, max_size=30
)


@given(first=st.integers(0, 2**31), rows=columns, compress=st.booleans())
def test_events_come_back_as_they_were(first: int, rows: list[tuple[int, str, object, int]], compress: bool) -> None:
    events = [Event(first + i, t, kind, d, offset) for i, (t, kind, d, offset) in enumerate(rows)]  # type: ignore[arg-type]
    assert unpack_events(pack_events(events, compress=compress)) == events


@given(
    reads=st.lists(st.builds(Read, st.integers(0, 2**50), st.binary(max_size=200)), max_size=20), compress=st.booleans()
)
def test_reads_come_back_as_they_were(reads: list[Read], compress: bool) -> None:
    assert unpack_reads(memoryview(pack_reads(reads, compress=compress))) == reads


@pytest.mark.parametrize("junk", [b"", b"1", b"1{}", b"zjunk", b"?x", b'1{"s":0,"t":[1],"k":"?","d":[1],"o":[1]}'])
def test_damaged_events_are_told(junk: bytes) -> None:
    with pytest.raises(CorruptSegment):
        unpack_events(junk)


@pytest.mark.parametrize("cut", [1, 3, 8, 20])
def test_damaged_reads_are_told(cut: int) -> None:
    packed = pack_reads([Read(5, b"hello world"), Read(9, b"again")])
    with pytest.raises(CorruptSegment):
        unpack_reads(packed[:-cut])


def test_a_token_costs_few_bytes_beyond_its_text() -> None:
    events = [Event(i, i * 20_000 + i % 7, CHUNK, " token", i * 200) for i in range(1000)]
    assert len(pack_events(events)) < 1000 * (len(" token") + 24)


values = st.recursive(
    texts
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans()
    | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


@given(rows=st.lists(texts | st.dictionaries(texts, values, max_size=4), min_size=1, max_size=12))
def test_any_json_comes_back_from_compact_segments(rows: list[Any]) -> None:
    events = [Event(i, i, CHUNK, row) for i, row in enumerate(rows)]
    back = unpack_events(pack_events(events, compress=True))
    assert back == events
    assert repr([event.data for event in back]) == repr(rows)  # 0 is not 0.0 and not False, and -0.0 not 0.0


def test_lists_of_one_place_keep_their_lengths_apart() -> None:
    data = {"a[]": [["x"], ["y", "z"]], "a": [[["u"]], [], [[], ["v"]]], "b": [1, 2.0, None, True, "t", [], {}]}
    events = [Event(0, 0, CHUNK, data), Event(1, 0, CHUNK, {"a": [], "a[]": [[]]})]
    assert unpack_events(pack_events(events, compress=True)) == events


@pytest.mark.parametrize("data", [{1: "x"}, {"x": object()}, {"x": b"bytes"}])
def test_what_json_has_no_word_for_is_refused(data: Any) -> None:
    with pytest.raises(TypeError):
        pack_events([Event(0, 0, CHUNK, data)], compress=True)


def recorded() -> tuple[list[Event], list[Read]]:
    """With logprobs and without, an event that no byte caused, and one that is told late."""
    plain = [Event(i, i * 20_000, CHUNK, f" word{i}", (i + 1) * 200) for i in range(50)]
    logprob = {"token": " new", "logprob": -0.25, "bytes": [32, 110, 101, 119], "top_logprobs": []}
    rest = [
        Event(50, 10**7, KEEPALIVE, {}),
        Event(51, 10**7, CHUNK, {"text": " new", "logprobs": [logprob]}, 10_400),
        Event(52, 10**9, CHUNK, {"text": "é", "choice": 1}, 10_300),
    ]
    return [*plain, *rest], [Read(i * 20_000, bytes([i]) * i) for i in range(60)]


@given(place=st.integers(0, 10**6), flip=st.integers(1, 255))
def test_a_damaged_byte_of_a_compact_segment_is_told(place: int, flip: int) -> None:
    events, reads = recorded()
    for packed, unpack in (
        (pack_events(events, compress=True), unpack_events),
        (pack_reads(reads, compress=True), unpack_reads),
    ):
        damaged = bytearray(packed)
        damaged[place % len(packed)] ^= flip
        with pytest.raises(CorruptSegment):
            unpack(bytes(damaged))


@given(cut=st.integers(1, 10**6))
def test_a_compact_segment_that_is_cut_off_is_told(cut: int) -> None:
    packed = pack_events(recorded()[0], compress=True)
    with pytest.raises(CorruptSegment):
        unpack_events(packed[: max(1, len(packed) - cut)])


@given(body=st.binary(max_size=200))
def test_no_columns_however_wrong_raise_anything_else(body: bytes) -> None:
    summed = b"c" + zlib.crc32(body).to_bytes(4, "big") + body
    for unpack in (unpack_events, unpack_reads):
        with contextlib.suppress(CorruptSegment):
            unpack(summed)


def test_what_older_versions_packed_is_still_read() -> None:
    events, reads = recorded()
    plain = pack_events(events)
    assert unpack_events(b"z" + zlib.compress(plain[1:], 6)) == events
    plain = pack_reads(reads)
    assert unpack_reads(b"z" + zlib.compress(plain[1:], 6)) == reads


@pytest.mark.parametrize("jitter_us", [0, 300, 3_000])
def test_a_token_is_stored_in_six_bytes_with_its_text(jitter_us: int) -> None:
    chance = random.Random(jitter_us)
    words = [f" {''.join(chance.choices('etaoinshrdlu', k=chance.randint(1, 7)))}" for _ in range(400)]
    events, t, offset = [], 0, 0
    for seq in range(2048):
        word = chance.choice(words)
        t += 20_000 + round(chance.gauss(0, jitter_us))
        offset += 180 + len(word)
        events.append(Event(seq, t, CHUNK, word, offset))
    assert len(pack_events(events, compress=True)) < 6 * len(events)
