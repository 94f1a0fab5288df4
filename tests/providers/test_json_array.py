"""One JSON array, as it streams."""

import itertools
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from playground.providers.dialects.json_array import Element, JSONArrayDecoder

STREAM = b'[{"a":"}]\\"\\\\","b":[1,{}]}\n,\r\n{"c":"\xe4\xbd\xa0{"} , [[2]],7]'
ELEMENTS = [b'{"a":"}]\\"\\\\","b":[1,{}]}', b'{"c":"\xe4\xbd\xa0{"}', b"[[2]]"]


def decode(*reads: bytes) -> list[Element]:
    decoder = JSONArrayDecoder()
    return [element for raw in reads for element in decoder.feed(raw)]


def test_the_elements_and_where_they_end() -> None:
    found = decode(STREAM)
    assert [element.data for element in found] == ELEMENTS
    assert [STREAM[: element.end].endswith(element.data) for element in found] == [True] * 3


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_any_cut_gives_the_same(at: list[int]) -> None:
    edges = [0, *sorted(at), len(STREAM)]
    assert decode(*(STREAM[start:end] for start, end in itertools.pairwise(edges))) == decode(STREAM)


@given(st.lists(st.dictionaries(st.text(max_size=4), st.text() | st.lists(st.integers(0, 9)), max_size=3), max_size=4))
def test_what_was_written_is_read(values: list[Any]) -> None:
    raw = orjson.dumps(values)
    assert [orjson.loads(element.data) for element in decode(*(raw[at : at + 1] for at in range(len(raw))))] == values


def test_an_element_past_the_limit_is_an_error() -> None:
    decoder = JSONArrayDecoder(limit=10)
    assert decoder.feed(b'[{"a":1},{"a":"') == [Element(b'{"a":1}', 8)]
    assert decoder.feed(b"x" * 20) == []
    assert decoder.error is not None
    assert decoder.feed(b'"},{}]') == []
