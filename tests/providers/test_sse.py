"""The SSE decoder: the standard's rules and examples, whatever the cuts."""

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.providers.errors import TooLong
from playground.providers.sse import SSEComment, SSEDecoder, SSEEvent, SSEItem, SSEStray


def decode(*reads: bytes, limit: int = 2**24) -> list[SSEItem]:
    decoder = SSEDecoder(limit=limit)
    items = [item for raw in reads for item in decoder.feed(raw)]
    return [*items, *decoder.close()]


def events(*reads: bytes) -> list[tuple[str, str]]:
    """The events that the standard dispatches: the unfinished last one is not among them."""
    decoder = SSEDecoder()
    items = [item for raw in reads for item in decoder.feed(raw)]
    return [(item.event, item.text) for item in items if isinstance(item, SSEEvent)]


def cut(raw: bytes, at: list[int]) -> list[bytes]:
    edges = [0, *sorted({position % (len(raw) + 1) for position in at}), len(raw)]
    return [raw[start:end] for start, end in itertools.pairwise(edges)]


class TestExamplesOfTheStandard:
    def test_multi_line_data(self) -> None:
        assert events(b"data: YHOO\ndata: +2\ndata: 10\n\n") == [("message", "YHOO\n+2\n10")]

    def test_comment_ids_and_an_unfinished_event(self) -> None:
        decoder = SSEDecoder()
        stream = b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event"
        items = decoder.feed(stream)
        assert [type(item) for item in items] == [SSEComment, SSEEvent, SSEEvent]
        assert items[0] == SSEComment("test stream", 14)
        assert [(e.text, e.id) for e in items if isinstance(e, SSEEvent)] == [
            ("first event", "1"),
            ("second event", ""),
        ]
        (unfinished,) = decoder.close()
        assert isinstance(unfinished, SSEEvent)
        assert unfinished.text == " third event"

    def test_empty_data_dispatches(self) -> None:
        assert events(b"data\n\ndata\ndata\n\ndata:") == [("message", ""), ("message", "\n")]

    def test_one_space_after_the_colon_is_optional(self) -> None:
        assert events(b"data:test\n\ndata: test\n\n") == [("message", "test")] * 2

    def test_event_names(self) -> None:
        assert events(b"event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\ndata: 1\n\n") == [
            ("add", "73857293"),
            ("remove", "2153"),
            ("message", "1"),
        ]


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_each_line_end(end: bytes) -> None:
    stream = b"data: a" + end + b"data: b" + end + end + b"data: c" + end + end
    assert events(stream) == [("message", "a\nb"), ("message", "c")]


def test_crlf_cut_in_two_reads_is_one_line_end() -> None:
    assert events(b"data: a\r", b"\n\r", b"\ndata: b\r\n\r\n") == [("message", "a"), ("message", "b")]


def test_a_line_feed_after_more_than_a_cr_is_a_line_end() -> None:
    assert events(b"data: a\rdata: b", b"\n\n") == [("message", "a\nb")]


def test_a_cr_dispatches_without_waiting_for_a_possible_lf() -> None:
    assert events(b"data: a\r\r") == [("message", "a")]


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\u0085", "\x0b", "\x0c", "\x1c"])
def test_other_separators_end_no_line(mark: str) -> None:
    assert events(f"data: a{mark}b\n\n".encode()) == [("message", f"a{mark}b")]


def test_a_byte_order_mark_is_stripped_once() -> None:
    bom = b"\xef\xbb\xbf"
    assert events(bom + b"data: a\n\n") == [("message", "a")]
    assert events(bom[:1], bom[1:2], bom[2:] + b"data: a\n\n") == [("message", "a")]
    assert events(bom + bom + b"data: a\n\n") == []
    assert events(b"data: a\n\n" + bom + b"data: b\n\n") == [("message", "a")]


def test_an_event_without_data_is_none() -> None:
    assert events(b"id: 1\n: comment\n\nevent: ping\n\ndata: a\n\n") == [("message", "a")]


def test_id_with_nul_is_ignored_and_the_id_persists() -> None:
    items = decode(b"id: 7\ndata: a\n\nid: b\0\ndata: b\n\n")
    assert [item.id for item in items if isinstance(item, SSEEvent)] == ["7", "7"]


def test_retry_takes_digits_only() -> None:
    decoder = SSEDecoder()
    decoder.feed(b"retry: 3000\nretry: 3s\nretry:\n\n")
    assert decoder.retry == 3000


def test_unknown_fields_are_reported_as_strays() -> None:
    assert decode(b'error: {"message": "x"}\n\nnonsense\n') == [
        SSEStray(b'error: {"message": "x"}', 24),
        SSEStray(b"nonsense", 34),
    ]


def test_invalid_utf8_is_replaced_in_text_and_kept_in_data() -> None:
    (event,) = decode(b"data: a\xff\xe4\xbdb\n\n")
    assert isinstance(event, SSEEvent)
    assert event.data == b"a\xff\xe4\xbdb"
    assert event.text == "a��b"


def test_the_end_of_an_event_is_its_last_byte() -> None:
    stream = b": hi\r\n\r\ndata: a\r\n\r\ndata: b\n\n"
    items = decode(stream)
    assert [item.end for item in items] == [5, 18, len(stream)]


class TestLimit:
    def test_a_line_of_the_limit_passes(self) -> None:
        (event,) = decode(b"data: " + b"x" * 94 + b"\n\n", limit=100)
        assert isinstance(event, SSEEvent)

    @pytest.mark.parametrize("size", [1, 7, 1000])
    def test_a_longer_one_is_an_error_that_keeps_what_came_before(self, size: int) -> None:
        stream = b"data: a\n\n" + b"data: " + b"x" * 195 + b"\n\ndata: b\n\n"
        decoder = SSEDecoder(limit=100)
        items = [i for at in range(0, len(stream), size) for i in decoder.feed(stream[at : at + size])]
        assert [item.text for item in items if isinstance(item, SSEEvent)] == ["a"]
        assert isinstance(decoder.error, TooLong)
        assert decoder.close() == []

    def test_many_short_lines_of_one_event_count_together(self) -> None:
        decoder = SSEDecoder(limit=100)
        for _ in range(60):
            decoder.feed(b"data: x\n")
        assert isinstance(decoder.error, TooLong)

    def test_a_line_of_16_mb_passes_in_small_reads(self) -> None:
        decoder = SSEDecoder()
        piece = b"x" * 8192
        assert decoder.feed(b"data: ") == []
        for _ in range(2047):
            decoder.feed(piece)
        (event,) = decoder.feed(b"\n\n")
        assert isinstance(event, SSEEvent)
        assert len(event.data) == 2047 * 8192


def test_time_is_linear_in_the_length_of_a_line() -> None:
    def seconds(length: int) -> float:
        decoder = SSEDecoder()
        decoder.feed(b"data: ")
        began = time.process_time()
        for _ in range(length):
            decoder.feed(b"x")
        decoder.feed(b"\n\n")
        return time.process_time() - began

    seconds(1000)
    assert seconds(200_000) < 40 * max(seconds(20_000), 0.002)  # a quadratic decoder needs 100 times as long


LINES = st.lists(
    st.one_of(
        st.sampled_from(
            [b"", b"data", b"data:", b": c", b":", b"id: 1", b"event: e", b"error: x", b"retry: 5", b"junk"]
        ),
        st.text(max_size=12).map(lambda text: b"data: " + text.replace("\r", "").replace("\n", "").encode()),
        st.binary(max_size=8),
    ),
    max_size=24,
)
ENDS = st.sampled_from([b"\n", b"\r", b"\r\n"])


@given(LINES, st.lists(ENDS, min_size=24, max_size=24), st.booleans(), st.lists(st.integers(0, 1000), max_size=12))
def test_any_cut_gives_the_same_items(lines: list[bytes], ends: list[bytes], bom: bool, at: list[int]) -> None:
    stream = (b"\xef\xbb\xbf" if bom else b"") + b"".join(line + end for line, end in zip(lines, ends, strict=False))
    whole = decode(stream)
    assert decode(*cut(stream, at)) == whole
    assert decode(*(stream[i : i + 1] for i in range(len(stream)))) == whole


@given(st.binary(max_size=300), st.integers(4, 40), st.lists(st.integers(0, 1000), max_size=12))
def test_any_bytes_decode_the_same_and_never_raise(stream: bytes, limit: int, at: list[int]) -> None:
    assert decode(*cut(stream, at), limit=limit) == decode(stream, limit=limit)


def test_a_name_alone_is_an_event_where_it_is_asked_for() -> None:
    stream = b"event: end\r\n\r\n: ping\r\n\r\n"
    assert [type(item) for item in SSEDecoder().feed(stream)] == [SSEComment]
    item, _ = SSEDecoder(names_alone=True).feed(stream)
    assert isinstance(item, SSEEvent)
    assert (item.event, item.data, item.end) == ("end", b"", 13)
