"""Segments: how events and network reads are stored. Columnar; never a row a token.

A packed segment is one byte that names the codec, and a body. While a run lives, it is written as `1`, which costs the
least time; a run that has ended is packed as `c`, which takes the fewest bytes. `z` is what older versions packed.

`1`, and deflated by zlib `z`:
Events: a JSON object of columns `s` first seq, `t` times as differences (µs), `k` kinds as letters ("a" is the first of
`recording.events.KINDS`), `d` data, `o` offsets as differences.
Reads: 4 bytes (big-endian) length of a JSON header `{"t": times as differences, "n": sizes}`, the header, the bytes.

`c`: 4 bytes (big-endian) CRC-32 of what follows, then columns as `recording.columns` writes them.
Events: first seq; times as differences; kinds; data (`recording.values`); which events have an offset; of those, how
far it is beyond the one before and the event's own text, which is nearly the same from chunk to chunk.
Reads: times as differences; sizes; the bytes.

The read that an event came from is the one whose bytes hold the event's offset.
"""

import itertools
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from operator import sub

import orjson

from playground.recording.columns import ColumnReader, ColumnWriter, CorruptSegment
from playground.recording.event_list import EventList
from playground.recording.events import KINDS, Event, EventData
from playground.recording.log import Read
from playground.recording.values import read_values, write_values

__all__ = ["CorruptSegment", "pack_events", "pack_reads", "unpack_events", "unpack_reads"]

_PLAIN = b"1"
_ZLIB = b"z"
_COLUMNS = b"c"
_LETTER = {kind: chr(ord("a") + code) for code, kind in enumerate(KINDS)}
_KIND = {letter: kind for kind, letter in _LETTER.items()}
_CODE = {kind: code for code, kind in enumerate(KINDS)}


def _differences(values: Sequence[int]) -> list[int]:
    return [values[0], *map(sub, values[1:], values)] if values else []


def _unpack(packed: bytes) -> bytes:
    codec, body = packed[:1], packed[1:]
    if codec == _PLAIN:
        return body
    if codec == _ZLIB:
        try:
            return zlib.decompress(body)
        except zlib.error as error:
            raise CorruptSegment(str(error)) from error
    raise CorruptSegment(f"unknown codec {codec!r}")


def _columns(packed: bytes) -> ColumnReader:
    """What of a segment in the codec `c` is to be read, once its sum is right."""
    body = packed[5:]
    if zlib.crc32(body).to_bytes(4, "big") != packed[1:5]:
        raise CorruptSegment("the sum does not fit the bytes")
    return ColumnReader(body)


def _summed(out: ColumnWriter) -> bytes:
    return b"".join([_COLUMNS, zlib.crc32(out.out).to_bytes(4, "big"), out.out])


def pack_events(events: Sequence[Event], *, compress: bool = False) -> bytes:
    """Pack consecutive events (at least one)."""
    if compress:
        return _pack_columns(events)
    live = events if isinstance(events, EventList) else _listed(events)
    columns = {
        "s": live.first,
        "t": _differences(live.times),
        "k": "".join(map(_LETTER.__getitem__, live.kinds)),
        "d": live.data,
        "o": _differences(live.offsets),
    }
    return _PLAIN + orjson.dumps(columns)


def _listed(events: Sequence[Event]) -> EventList:
    listed = EventList(events[0].seq)
    for _, t, kind, data, offset in events:
        listed.add(t, kind, data, offset)
    return listed


def _pack_columns(events: Sequence[Event]) -> bytes:
    out = ColumnWriter()
    out.number(events[0].seq)
    out.numbers(_differences([e.t for e in events]))
    out.numbers([_CODE[e.kind] for e in events])
    write_values([e.data for e in events], out)
    out.numbers([e.offset != -1 for e in events])
    out.numbers(list(_steps(events)))
    return _summed(out)


def _steps(events: Iterable[Event]) -> Iterator[int]:
    """How far each offset is beyond the one before it and the event's text."""
    before = 0
    for event in events:
        if event.offset != -1:
            yield event.offset - before - _text_size(event.data)
            before = event.offset


def _text_size(data: EventData) -> int:
    """The bytes of the text that a chunk's message most likely holds."""
    text = data if isinstance(data, str) else data.get("text")
    if not isinstance(text, str):
        return 0
    return len(text) if text.isascii() else len(text.encode())


def unpack_events(packed: bytes | memoryview) -> list[Event]:
    """The inverse of `pack_events`.

    Raises:
        CorruptSegment: the bytes are damaged, or of a version that is not known here.
    """
    packed = bytes(packed)
    if packed[:1] == _COLUMNS:
        return _unpack_columns(_columns(packed))
    try:
        columns = orjson.loads(_unpack(packed))
        times = itertools.accumulate(columns["t"])
        offsets = itertools.accumulate(columns["o"])
        rows = zip(times, columns["k"], columns["d"], offsets, strict=True)
        return [Event(seq, t, _KIND[k], d, o) for seq, (t, k, d, o) in enumerate(rows, columns["s"])]
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise CorruptSegment(f"the events cannot be read: {error}") from error


def _unpack_columns(source: ColumnReader) -> list[Event]:
    first = source.number()
    times = itertools.accumulate(source.numbers())
    codes = source.numbers()
    values = read_values(source)
    is_placed = source.numbers()
    steps = iter(source.numbers())
    events, end = [], 0
    try:
        for seq, (t, code, data, has) in enumerate(zip(times, codes, values, is_placed, strict=True), first):
            if has:
                end += next(steps) + _text_size(data)
            events.append(Event(seq, t, KINDS[code], data, end if has else -1))
    except (ValueError, IndexError, StopIteration) as error:
        raise CorruptSegment(f"the events cannot be read: {error!r}") from error
    if not source.is_at_end:
        raise CorruptSegment("there is more than the events")
    return events


def pack_reads(reads: Sequence[Read], *, compress: bool = False) -> bytes:
    """Pack consecutive reads; no reads pack to nothing."""
    if not reads:
        return b""
    times, sizes = _differences([r.t for r in reads]), [len(r.raw) for r in reads]
    if not compress:
        header = orjson.dumps({"t": times, "n": sizes})
        return b"".join([_PLAIN, struct.pack(">I", len(header)), header, *(r.raw for r in reads)])
    out = ColumnWriter()
    out.numbers(times)
    out.numbers(sizes)
    out.blob(b"".join([r.raw for r in reads]))
    return _summed(out)


def unpack_reads(packed: bytes | memoryview) -> list[Read]:
    """The inverse of `pack_reads`.

    Raises:
        CorruptSegment: the bytes are damaged, or of a version that is not known here.
    """
    packed = bytes(packed)
    if not packed:
        return []
    if packed[:1] == _COLUMNS:
        source = _columns(packed)
        times, sizes, raw = source.numbers(), source.numbers(), source.blob()
        return _cut(raw, 0, times, sizes)
    body = _unpack(packed)
    try:
        (length,) = struct.unpack_from(">I", body)
        header = orjson.loads(body[4 : 4 + length])
        return _cut(body, 4 + length, header["t"], header["n"])
    except (orjson.JSONDecodeError, KeyError, TypeError, struct.error) as error:
        raise CorruptSegment(f"the reads cannot be read: {error}") from error


def _cut(body: bytes, start: int, differences: Sequence[int], sizes: Sequence[int]) -> list[Read]:
    ends = list(itertools.accumulate(sizes, initial=start))
    times = list(itertools.accumulate(differences))
    if ends[-1] != len(body) or len(times) != len(sizes):
        raise CorruptSegment("the reads do not fill their segment")
    return [Read(t, body[a:b]) for t, (a, b) in zip(times, itertools.pairwise(ends), strict=True)]
