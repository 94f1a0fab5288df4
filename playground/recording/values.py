"""JSON values as columns: what differs from one to the next, apart from the shape that they share.

A shape is JSON too: "s" a text, "i" a whole number, "d" another number, "t", "f" and "n" themselves, an object of
shapes, `["*", shape]` a list whose items have one shape, `["-", shape, …]` any other list. Texts and numbers are taken
out, each into the column of the place where it stands: the tokens of all logprobs into one, their bytes into another.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final

import orjson

from playground.recording.columns import ColumnReader, ColumnWriter, CorruptSegment

_FIRST: Final = ("", ".text")  # the answer's own text: other columns repeat it
_CONSTANTS: Final = {"t": True, "f": False, "n": None}


class _Columns:
    """By place; `lengths` are those of lists."""

    def __init__(self) -> None:
        self.texts: defaultdict[str, list[str]] = defaultdict(list)
        self.whole: defaultdict[str, list[int]] = defaultdict(list)
        self.other: defaultdict[str, list[str]] = defaultdict(list)
        self.lengths: defaultdict[str, list[int]] = defaultdict(list)

    def take(self, value: Any, place: str = "") -> Any:
        """Take the texts and numbers of a value; returns its shape.

        Raises:
            TypeError: JSON has no such value.
        """
        if isinstance(value, str):
            self.texts[place].append(value)
            return "s"
        if value is None or isinstance(value, bool):
            return "n" if value is None else "ft"[value]
        if isinstance(value, int):
            self.whole[place].append(value)
            return "i"
        if isinstance(value, float):
            if not math.isfinite(value):  # as orjson has it
                return "n"
            self.other[place].append(repr(value))
            return "d"
        if isinstance(value, list | tuple):
            self.lengths[place].append(len(value))  # before its items: places of nested lists may have one name
            shapes = [self.take(item, f"{place}[]") for item in value]
            is_uniform = bool(shapes) and all(shape == shapes[0] for shape in shapes)
            return ["*", shapes[0]] if is_uniform else ["-", *shapes]
        if isinstance(value, dict):
            return {_name(name): self.take(item, f"{place}.{name}") for name, item in value.items()}
        raise TypeError(f"JSON has no {type(value).__name__}")


def _name(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError("names in JSON are texts")
    return name


def write_values(values: Sequence[Any], out: ColumnWriter) -> None:
    """Raises TypeError for what JSON cannot hold."""
    columns = _Columns()
    table: dict[bytes, int] = {}
    shapes = [table.setdefault(orjson.dumps(columns.take(value)), len(table)) for value in values]
    texts = sorted(columns.texts, key=lambda place: (place not in _FIRST, place))
    names = [texts, sorted(columns.whole), sorted(columns.other), sorted(columns.lengths)]
    out.blob(b"\n".join([orjson.dumps(names), *table]))
    out.numbers(shapes)
    for place in texts:
        joined = out.texts(columns.texts[place])
        out.seen = out.seen or joined
    for place in names[1]:
        out.numbers(columns.whole[place])
    for place in names[2]:
        out.blob(",".join(columns.other[place]).encode())
    for place in names[3]:
        out.numbers(columns.lengths[place])


def read_values(source: ColumnReader) -> list[Any]:
    """The inverse of `write_values`.

    Raises:
        CorruptSegment: the columns are not what was written.
    """
    try:
        (texts, whole, other, lengths), *table = [orjson.loads(line) for line in source.blob().split(b"\n")]
        shapes = source.numbers()
        columns = _Taken()
        for place in texts:
            found, joined = source.texts()
            source.seen = source.seen or joined
            if table == ["s"]:
                return found
            columns.texts[place] = iter(found)
        columns.whole = {place: iter(source.numbers()) for place in whole}
        columns.other = {place: map(float, source.blob().decode().split(",")) for place in other}
        columns.lengths = {place: iter(source.numbers()) for place in lengths}
        return [columns.give(table[shape]) for shape in shapes]
    except (ValueError, KeyError, IndexError, TypeError, StopIteration) as error:
        raise CorruptSegment(f"the values cannot be read: {error!r}") from error


class _Taken:
    def __init__(self) -> None:
        self.texts: dict[str, Iterator[str]] = {}
        self.whole: dict[str, Iterator[int]] = {}
        self.other: dict[str, Iterator[float]] = {}
        self.lengths: dict[str, Iterator[int]] = {}

    def give(self, shape: Any, place: str = "") -> Any:
        """The next value of a shape."""
        if isinstance(shape, dict):
            return {name: self.give(item, f"{place}.{name}") for name, item in shape.items()}
        if isinstance(shape, list):
            count = next(self.lengths[place])
            shapes = shape[1:] if shape[0] == "-" else shape[1:] * count
            items = [self.give(item, f"{place}[]") for item in shapes]
            if len(items) != count:
                raise CorruptSegment("a list has not the length that it says")
            return items
        match shape:
            case "s":
                return next(self.texts[place])
            case "i":
                return next(self.whole[place])
            case "d":
                return next(self.other[place])
            case _:
                return _CONSTANTS[shape]
