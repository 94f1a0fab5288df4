"""JSON as providers really send it."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.providers.loosejson import DEEPEST, REPAIRS, TooDeep, loads


@pytest.mark.parametrize(
    ("raw", "value", "repairs"),
    [
        (b'{"a": 1}', {"a": 1}, ()),
        (b'{"a": NaN, "b": [Infinity, -Infinity, 1]}', {"a": None, "b": [None, None, 1]}, ("not_a_number",)),
        (b'{"a": "x\xff"}', {"a": "x�"}, ("invalid_utf8",)),
        (rb'{"a": "\ud83d", "\ude00": 1}', {"a": "�", "�": 1}, ("lone_surrogate",)),
        (rb'{"a": "\ud83d\ude00", "b": NaN}', {"a": "😀", "b": None}, ("not_a_number",)),
        (b'["\xff", NaN, "\\udc00"]', ["�", None, "�"], ("invalid_utf8", "not_a_number", "lone_surrogate")),
        (b"[NaN, 1e999, 123456789012345678901234567890]", [None, None, 1.2345678901234568e29], ("not_a_number",)),
    ],
)
def test_repairs(raw: bytes, value: Any, repairs: tuple[str, ...]) -> None:
    assert loads(raw) == (value, repairs)
    assert set(repairs) <= set(REPAIRS)


@pytest.mark.parametrize("raw", [b"", b"{", b"data", b'{"a": }', b"[" * 5000, b'"\x01"'], ids=lambda raw: repr(raw[:9]))
def test_what_is_no_json_is_a_value_error(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        loads(raw)


@pytest.mark.parametrize(
    "raw", [b"[" * 999, b'{"a": [NaN, ' + b"[" * 999, b"[" * 5000], ids=["read", "repaired", "not"]
)
def test_what_is_nested_deeper_than_it_could_be_written_is_not_read(raw: bytes) -> None:
    closed = raw + b"]" * raw.count(b"[") + b"}" * raw.count(b"{")
    with pytest.raises(TooDeep):
        loads(closed)


def test_the_deepest_that_is_read_can_be_written_within_something_else() -> None:
    value, _ = loads(b"[" * DEEPEST + b"]" * DEEPEST)
    for _ in range(50):
        value = {"within": value}
    assert orjson.dumps(value)
    assert loads(b"[" + b"[]," * 1000 + b'"[[["]')
    with pytest.raises(TooDeep):
        loads(b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1))


@given(st.binary(max_size=64) | st.text(alphabet='{}[]",:\\u0123d8NaN e.-', max_size=64).map(str.encode))
def test_whatever_parses_can_be_stored(raw: bytes) -> None:
    try:
        value, _ = loads(raw)
    except ValueError:
        return
    orjson.dumps(value)
