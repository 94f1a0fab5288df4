"""Tables that people open in a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any, Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def write_table(rows: Iterable[Sequence[Any]]) -> str:
    """CSV with a byte order mark, for spreadsheets. A text that they would take for a formula gets a ' before it."""
    out = io.StringIO(newline="")
    out.write("\ufeff")
    csv.writer(out).writerows([[_harmless(cell) for cell in row] for row in rows])
    return out.getvalue()


def _harmless(cell: Any) -> Any:
    if cell is None:
        return ""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
