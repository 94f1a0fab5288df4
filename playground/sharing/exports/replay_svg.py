"""A replay as an animated SVG: the answer appears at its recorded pace, again and again, in any `<img>` of a browser.

It animates by SMIL, which runs in an `<img>` where no script may. Text is laid out on a grid of cells (a wide character
takes two) and each piece is given its length, so that it looks the same in every font.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import regex
from django.utils.html import escape

from playground.recording.events import CHUNK, Event, chunk_text

WIDTH, COLUMNS, ROWS = 960, 76, 20
CELL: Final = 12  # px across
LINE: Final = 28  # px down
_LEFT, _TOP, _PAD = 24, 76, 20
PAUSE_S: Final = 2.5
MOST_STEPS: Final = 1500
_GRAPHEME: Final = regex.compile(r"\X")

_STYLE: Final = """
text{font:19px ui-monospace,'SF Mono','Cascadia Mono',Menlo,Consolas,'DejaVu Sans Mono','PingFang SC',
'Noto Sans CJK SC',monospace;fill:#1a1f2b;white-space:pre}.bg{fill:#ffffff}.head,.note{font-family:system-ui,sans-serif}
.head{font-size:20px;font-weight:600}.note{font-size:14px;fill:#59606e}.bar{fill:#1f5fd0}.line{stroke:#dfe3ea}
@media (prefers-color-scheme:dark){text{fill:#e8ebf1}.bg{fill:#14181f}.note{fill:#a6adba}.bar{fill:#7aa8ff}
.line{stroke:#2c323d}}
@media (prefers-reduced-motion:reduce){.piece{visibility:visible!important}}
"""


class Piece(NamedTuple):
    """Text on one line that appears at once; `t` in µs, `x` and `length` in cells."""

    t: int
    row: int
    x: int
    length: int
    text: str


def replay_svg(title: str, events: Sequence[Event], *, speed: float = 1.0, note: str = "") -> str:
    """At `speed` times the recorded pace; about 130 bytes a step, of which there are at most `MOST_STEPS`."""
    pieces = list(_laid_out(_steps(events)))
    last = events[-1].t if events else 0
    total = last / 1e6 / speed + PAUSE_S
    height = _TOP + ROWS * LINE + _PAD
    body = "".join(_drawn(piece, speed, total) for piece in pieces)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>"
        f'<rect class="bg" width="100%" height="100%"/><text class="head" x="{_LEFT}" y="34">{escape(title)}</text>'
        f'<text class="note" x="{WIDTH - _LEFT}" y="34" text-anchor="end">{escape(note)}</text>'
        f'<line class="line" x1="0" x2="{WIDTH}" y1="50" y2="50"/>'
        f'<rect class="bar" y="49" width="0" height="3">{_progress(last / 1e6 / speed, total)}</rect>'
        f'<svg y="56" width="{WIDTH}" height="{height - 56}"><g>{_scrolling(pieces, speed, total)}'
        f'<g transform="translate({_LEFT} {_TOP - 56})">{body}</g></g></svg></svg>'
    )


def _steps(events: Iterable[Event]) -> list[tuple[int, str]]:
    """Times and texts; neighbours are joined where there are too many."""
    chunks = [(event.t, text) for event in events if event.kind == CHUNK and (text := chunk_text(event))]
    stride = -(-len(chunks) // MOST_STEPS) or 1
    return [
        (chunks[index][0], "".join(text for _t, text in chunks[index : index + stride]))
        for index in range(0, len(chunks), stride)
    ]


def _laid_out(steps: Iterable[tuple[int, str]]) -> Iterator[Piece]:
    """Wraps between words where a piece begins one, else anywhere."""
    row = x = 0
    for t, text in steps:
        for part in regex.findall(r"\n|[^\n]+", text.replace("\r\n", "\n").replace("\t", "    ")):
            if part == "\n":
                row, x = row + 1, 0
                continue
            for word in regex.findall(r"\s*[^\s]+|\s+", part):
                if x and x + _cells(word) > COLUMNS:
                    row, x, word = row + 1, 0, word.lstrip()  # noqa: PLW2901
                for line in _cut(word, COLUMNS - x):
                    if x and x + _cells(line) > COLUMNS:
                        row, x = row + 1, 0
                    if line.strip():
                        yield Piece(t, row, x, _cells(line), line)
                    x += _cells(line)


def _cut(word: str, room: int) -> Iterator[str]:
    """A word that is longer than a line, in pieces that are not."""
    line, used = "", 0
    for grapheme in _GRAPHEME.findall(word):
        width = _cells(grapheme)
        if used + width > (room if room > 1 else COLUMNS):
            yield line
            line, used, room = "", 0, COLUMNS
        line, used = line + grapheme, used + width
    if line:
        yield line


def _cells(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(found[0]) in "WF" else 1 for found in _GRAPHEME.findall(text))


def _drawn(piece: Piece, speed: float, total: float) -> str:
    at = min(0.9999, piece.t / 1e6 / speed / total)
    return (
        f'<text class="piece" x="{piece.x * CELL}" y="{piece.row * LINE}" textLength="{piece.length * CELL}" '
        f'lengthAdjust="spacing" visibility="hidden">{escape(piece.text)}'
        f'<animate attributeName="visibility" values="hidden;visible" keyTimes="0;{at:.4f}" '
        f'calcMode="discrete" dur="{total:.2f}s" repeatCount="indefinite"/></text>'
    )


def _progress(end: float, total: float) -> str:
    share = max(0.0001, min(0.9999, end / total))
    return (
        f'<animate attributeName="width" values="0;{WIDTH};{WIDTH}" keyTimes="0;{share:.4f};1" '
        f'dur="{total:.2f}s" repeatCount="indefinite"/>'
    )


def _scrolling(pieces: Sequence[Piece], speed: float, total: float) -> str:
    """Past the last row that fits, the text moves up a line at a time."""
    moves: dict[int, int] = {}
    for piece in pieces:
        if piece.row >= ROWS:
            moves.setdefault(piece.row - ROWS + 1, piece.t)
    if not moves:
        return ""
    times = ";".join(["0", *(f"{min(0.9999, t / 1e6 / speed / total):.4f}" for t in moves.values())])
    values = ";".join(["0 0", *(f"0 {-LINE * rows}" for rows in moves)])
    return (
        f'<animateTransform attributeName="transform" type="translate" values="{values}" keyTimes="{times}" '
        f'calcMode="discrete" dur="{total:.2f}s" repeatCount="indefinite"/>'
    )
