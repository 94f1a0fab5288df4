"""JSON as providers really send it."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.providers.loosejson import REPAIRS, loads


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


@given(st.binary(max_size=64) | st.text(alphabet='{}[]",:\\u0123d8NaN e.-', max_size=64).map(str.encode))
def test_whatever_parses_can_be_stored(raw: bytes) -> None:
    try:
        value, _ = loads(raw)
    except ValueError:
        return
    orjson.dumps(value)
