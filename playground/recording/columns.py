"""Columns of whole numbers and of texts in few bytes: what compact segments are made of.

Numbers are stored above the least of them, one plane a byte of theirs, lowest first: where times jitter, the low plane
is noise and the high ones are nearly constant, so each is deflated on its own. Texts are their lengths and one blob.
All lengths and counts are varints, seven bits a byte, lowest first.
"""

import itertools
import zlib
from collections.abc import Sequence

_LEVEL = 9
_RAW_DEFLATE = -15
_MOST_VALUES = 1 << 26
_WINDOW = 32 * 1024  # deflate looks no further back


class CorruptSegment(ValueError):
    """The bytes are not a segment that this version can read."""


class ColumnWriter:
    """Appends columns to `out`. `seen`: bytes that blobs may refer to instead of repeating them."""

    def __init__(self) -> None:
        self.out = bytearray()
        self.seen = b""

    def number(self, value: int) -> None:
        """One whole number, not negative."""
        while value > 0x7F:
            self.out.append(value & 0x7F | 0x80)
            value >>= 7
        self.out.append(value)

    def blob(self, raw: bytes) -> None:
        packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW_DEFLATE, 9, zdict=self.seen[-_WINDOW:])
        packed = packer.compress(raw) + packer.flush()
        is_smaller = len(packed) < len(raw)
        kept = packed if is_smaller else raw
        self.number(len(kept) << 1 | is_smaller)
        self.out += kept

    def numbers(self, values: Sequence[int]) -> None:
        """Any whole numbers. Takes no bytes a value where all are equal."""
        self.number(len(values))
        if not values:
            return
        least = min(values)
        width = ((max(values) - least).bit_length() + 7) // 8
        self.number(least << 1 if least >= 0 else (-least << 1) - 1)
        self.number(width)
        if width:
            together = b"".join([(value - least).to_bytes(width, "little") for value in values])
            for plane in range(width):
                self.blob(together[plane::width])

    def texts(self, values: Sequence[str]) -> bytes:
        """Returns the blob, for who takes it for `seen`."""
        self.numbers([len(value) for value in values])
        joined = "".join(values).encode()
        self.blob(joined)
        return joined


class ColumnReader:
    """Reads what `ColumnWriter` wrote, in the same order.

    Every method raises CorruptSegment where the bytes are not that.
    """

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0
        self.seen = b""

    @property
    def is_at_end(self) -> bool:
        return self._at == len(self._body)

    def number(self) -> int:
        value = shift = 0
        try:
            while (byte := self._body[self._at]) > 0x7F:
                value |= (byte & 0x7F) << shift
                shift += 7
                self._at += 1
        except IndexError:
            raise CorruptSegment("the columns end in a number") from None
        self._at += 1
        return value | byte << shift

    def blob(self) -> bytes:
        size = self.number()
        end = self._at + (size >> 1)
        if end > len(self._body):
            raise CorruptSegment("the columns end in a blob")
        kept = self._body[self._at : end]
        self._at = end
        if not size & 1:
            return kept
        unpacker = zlib.decompressobj(_RAW_DEFLATE, zdict=self.seen[-_WINDOW:])
        try:
            raw = unpacker.decompress(kept) + unpacker.flush()
        except zlib.error as error:
            raise CorruptSegment(str(error)) from error
        if not unpacker.eof:
            raise CorruptSegment("a blob is cut off")
        return raw

    def numbers(self) -> list[int]:
        count = self.number()
        if not count:
            return []
        if count > _MOST_VALUES:
            raise CorruptSegment("no column is so long")
        sign = self.number()
        least = -(sign + 1 >> 1) if sign & 1 else sign >> 1
        width = self.number()
        planes = [self.blob() for _ in range(width)]
        if any(len(plane) != count for plane in planes):
            raise CorruptSegment("a column has not the length that it says")
        match planes:
            case []:
                return list(itertools.repeat(least, count))
            case [low]:
                return [least + a for a in low]
            case [low, high]:
                return [least + a + (b << 8) for a, b in zip(low, high, strict=True)]
            case _:
                return [least + int.from_bytes(value, "little") for value in zip(*planes, strict=True)]

    def texts(self) -> tuple[list[str], bytes]:
        """The texts, and the blob that they came from."""
        lengths = self.numbers()
        raw = self.blob()
        try:
            joined = raw.decode()
        except UnicodeDecodeError as error:
            raise CorruptSegment(str(error)) from error
        ends = list(itertools.accumulate(lengths, initial=0))
        if ends[-1] != len(joined):
            raise CorruptSegment("the texts do not fill their blob")
        return [joined[start:end] for start, end in itertools.pairwise(ends)], raw
