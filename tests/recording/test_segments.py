import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.recording.events import CHUNK, KINDS, Event
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
