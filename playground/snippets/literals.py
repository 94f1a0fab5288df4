"""Values as the source of a program: what JSON can hold, in any text that Unicode has."""

import shlex
from typing import Any, Final

import orjson

WIDTH: Final = 100
INDENT: Final = "    "


def json_text(value: Any) -> str:
    """Indented JSON, which is also a JavaScript expression: no raw line separator is left in it."""
    text = orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def javascript(value: Any, depth: int = 0) -> str:
    """`depth`: by how many levels of two spaces the lines after the first are indented."""
    return json_text(value).replace("\n", "\n" + "  " * depth)


def python(value: Any, depth: int = 0) -> str:
    """On one line where it fits, else an item a line; `depth`: how far the line that it stands in is indented."""
    flat = repr(value)
    if len(flat) + len(INDENT) * depth <= WIDTH or not value or not isinstance(value, dict | list | tuple):
        return flat
    inner, outer = INDENT * (depth + 1), INDENT * depth
    if isinstance(value, dict):
        items = [f"{name!r}: {python(item, depth + 1)}" for name, item in value.items()]
    else:
        items = [python(item, depth + 1) for item in value]
    lines = "".join(f"{inner}{item},\n" for item in items)
    opening, closing = ("{", "}") if isinstance(value, dict) else ("[", "]")
    return f"{opening}\n{lines}{outer}{closing}"


def shell(text: str) -> str:
    """One word of a POSIX shell."""
    return shlex.quote(text)
