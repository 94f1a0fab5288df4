"""Segments: how events and network reads are stored. Columnar; never a row a token.

A packed segment is one byte that names the codec (`1` plain, `z` zlib) and a body.
Events: a JSON object of columns `s` first seq, `t` times as differences (µs), `k` kinds as letters ("a" is the first of
`recording.events.KINDS`), `d` data, `o` offsets as differences.
Reads: 4 bytes (big-endian) length of a JSON header `{"t": times as differences, "n": sizes}`, the header, the bytes.
The read that an event came from is the one whose bytes hold the event's offset.
"""

import itertools
import struct
import zlib
from collections.abc import Sequence

import orjson

from playground.recording.events import KINDS, Event
from playground.recording.log import Read

_PLAIN = b"1"
_ZLIB = b"z"
_LETTER = {kind: chr(ord("a") + code) for code, kind in enumerate(KINDS)}
_KIND = {letter: kind for kind, letter in _LETTER.items()}


class CorruptSegment(ValueError):
    """The bytes are not a segment that this version can read."""


def _differences(values: list[int]) -> list[int]:
    return [values[0], *(b - a for a, b in itertools.pairwise(values))] if values else []


def _pack(body: bytes, *, compress: bool) -> bytes:
    return _ZLIB + zlib.compress(body, 6) if compress else _PLAIN + body


def _unpack(packed: bytes | memoryview) -> bytes:
    packed = bytes(packed)
    codec, body = packed[:1], packed[1:]
    if codec == _PLAIN:
        return body
    if codec == _ZLIB:
        try:
            return zlib.decompress(body)
        except zlib.error as error:
            raise CorruptSegment(str(error)) from error
    raise CorruptSegment(f"unknown codec {codec!r}")


def pack_events(events: Sequence[Event], *, compress: bool = False) -> bytes:
    """Pack consecutive events (at least one)."""
    columns = {
        "s": events[0].seq,
        "t": _differences([e.t for e in events]),
        "k": "".join([_LETTER[e.kind] for e in events]),
        "d": [e.data for e in events],
        "o": _differences([e.offset for e in events]),
    }
    return _pack(orjson.dumps(columns), compress=compress)


def unpack_events(packed: bytes | memoryview) -> list[Event]:
    """The inverse of `pack_events`.

    Raises:
        CorruptSegment: the bytes are damaged, or of a version that is not known here.
    """
    try:
        columns = orjson.loads(_unpack(packed))
        times = itertools.accumulate(columns["t"])
        offsets = itertools.accumulate(columns["o"])
        rows = zip(times, columns["k"], columns["d"], offsets, strict=True)
        return [Event(seq, t, _KIND[k], d, o) for seq, (t, k, d, o) in enumerate(rows, columns["s"])]
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise CorruptSegment(f"the events cannot be read: {error}") from error


def pack_reads(reads: Sequence[Read], *, compress: bool = False) -> bytes:
    """Pack consecutive reads; no reads pack to nothing."""
    if not reads:
        return b""
    header = orjson.dumps({"t": _differences([r.t for r in reads]), "n": [len(r.raw) for r in reads]})
    return _pack(b"".join([struct.pack(">I", len(header)), header, *(r.raw for r in reads)]), compress=compress)


def unpack_reads(packed: bytes | memoryview) -> list[Read]:
    """The inverse of `pack_reads`.

    Raises:
        CorruptSegment: the bytes are damaged, or of a version that is not known here.
    """
    if not packed:
        return []
    body = _unpack(packed)
    try:
        (length,) = struct.unpack_from(">I", body)
        header = orjson.loads(body[4 : 4 + length])
        ends = list(itertools.accumulate(header["n"], initial=4 + length))
        times = list(itertools.accumulate(header["t"]))
        if ends[-1] != len(body) or len(times) != len(ends) - 1:
            raise CorruptSegment("the reads do not fill their segment")
        return [Read(t, body[a:b]) for t, (a, b) in zip(times, itertools.pairwise(ends), strict=True)]
    except (orjson.JSONDecodeError, KeyError, TypeError, struct.error) as error:
        raise CorruptSegment(f"the reads cannot be read: {error}") from error
