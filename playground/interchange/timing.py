"""Times at the start of lines, as `ts` of moreutils writes them: `curl -N … | ts -s "%.s"`.

Known are seconds since the start or since 1970 ("%.s", "%s"), clock times ("%H:%M:%.S", also after a date, and as
`ts -s` without a format writes them), and ISO 8601.
"""

import re
from datetime import UTC, datetime
from typing import Final

from playground.interchange.errors import NotARecording
from playground.recording.shapes import MOST

_SECONDS: Final = re.compile(rb"(\d{1,11})(?:\.(\d{1,9}))? ")
_CLOCK: Final = re.compile(
    rb"(?:[A-Z][a-z]{2} [ \d]\d |\d{4}-\d\d-\d\d[ T])?(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?:Z|[+-]\d\d:?\d\d)? "
)
_DAY: Final = 86_400_000_000
_LEAST_LINES: Final = 2

TimedLine = tuple[int, bytes]


def timed_lines(raw: bytes) -> list[TimedLine] | None:
    """Lines with their times in µs since the first, or None if not all of them begin with one.

    Raises:
        NotARecording: a line is earlier than the one before it.
    """
    lines = raw.split(b"\n")
    tail = lines.pop()
    whole = [line + b"\n" for line in lines] + ([tail] if tail else [])
    for pattern, micros in ((_CLOCK, _of_clock), (_SECONDS, _of_seconds)):
        # A last line that the file's end cut off may lack its time.
        if len(whole) >= _LEAST_LINES and all(pattern.match(line) for line in whole):
            return _since_first([(micros(_match(pattern, line)), pattern.sub(b"", line, count=1)) for line in whole])
    return None


def moment(text: str) -> datetime | None:
    """An ISO 8601 time; without a zone, in UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _match(pattern: re.Pattern[bytes], line: bytes) -> re.Match[bytes]:
    found = pattern.match(line)
    assert found is not None  # noqa: S101  (for the type checker: all lines match)
    return found


def _of_seconds(found: re.Match[bytes]) -> int:
    return int(found[1]) * 1_000_000 + _fraction(found[2])


def _of_clock(found: re.Match[bytes]) -> int:
    hours, minutes, seconds = int(found[1]), int(found[2]), int(found[3])
    return ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + _fraction(found[4])


def _fraction(digits: bytes | None) -> int:
    return int((digits or b"0").ljust(6, b"0")[:6])


def _since_first(lines: list[TimedLine]) -> list[TimedLine]:
    found: list[TimedLine] = []
    first = before = lines[0][0]
    for number, (given, line) in enumerate(lines, 1):
        t = given
        if t < before and before - t > _DAY // 2:  # a clock that passed midnight
            t += _DAY * -(-(before - t) // _DAY)
        if t < before:
            raise NotARecording(
                f"Line {number} has an earlier time than the line before it: use “ts -s” or “ts”, not “ts -i”."
            )
        if t - first > MOST:
            raise NotARecording(f"Line {number} has a time of more than twelve days after the first.")
        before = t
        found.append((t - first, line))
    return found
