"""The NDJSON decoder."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.providers.errors import TooLong
from playground.providers.ndjson import NDJSONDecoder, NDJSONLine


def decode(*reads: bytes, limit: int = 2**24) -> list[NDJSONLine]:
    decoder = NDJSONDecoder(limit=limit)
    return [*(line for raw in reads for line in decoder.feed(raw)), *decoder.close()]


def test_lines_and_their_ends() -> None:
    assert decode(b'{"a":1}\n{"b":2}\r\n\n  \n{"c":3}') == [
        NDJSONLine(b'{"a":1}', 8),
        NDJSONLine(b'{"b":2}', 17),
        NDJSONLine(b'{"c":3}', 28),
    ]


def test_only_a_line_feed_ends_a_line() -> None:
    line = '{"a":"\u2028\u0085"}\r'.encode()
    assert decode(line + b'{"b":1}\n') == [NDJSONLine(line + b'{"b":1}', 22)]


def test_a_byte_order_mark_is_stripped() -> None:
    assert decode(b"\xef", b"\xbb\xbf1\n") == [NDJSONLine(b"1", 5)]


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_line_past_the_limit_is_an_error_that_keeps_what_came_before(size: int) -> None:
    stream = b"1\n" + b"2" * 200 + b"\n3\n"
    decoder = NDJSONDecoder(limit=100)
    lines = [line for at in range(0, len(stream), size) for line in decoder.feed(stream[at : at + size])]
    assert lines == [NDJSONLine(b"1", 2)]
    assert isinstance(decoder.error, TooLong)
    assert decoder.close() == []


@given(st.lists(st.sampled_from([b"{", b"}", b"\n", b"\r", b" ", b"\xe4\xbd\xa0", b"1", b"\xef\xbb\xbf"]), max_size=60))
def test_any_cut_gives_the_same_lines(pieces: list[bytes]) -> None:
    stream = b"".join(pieces)
    whole = decode(stream, limit=12)
    assert decode(*pieces, limit=12) == whole
    assert decode(*(stream[i : i + 1] for i in range(len(stream))), limit=12) == whole
