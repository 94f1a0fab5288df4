"""Tables of values: CSV in, checked against a version's variables, and CSV out."""

import csv
import io
from collections.abc import Sequence
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from playground.library.variables import Variable
from playground.runs.parameters import is_text

MAX_ROWS: Final = 1000
MAX_BYTES: Final = 1024 * 1024
_DELIMITERS: Final = (",", ";", "\t")
_TOLD: Final = 5


class BadTable(ValueError):
    """`problems`: what is wrong, a sentence each, the first few."""

    def __init__(self, *problems: str) -> None:
        super().__init__(*problems)
        self.problems = problems


def decoded(raw: bytes) -> str:
    """Raises BadTable for a file that is too large, or is not UTF-8; a byte order mark is left out."""
    if len(raw) > MAX_BYTES:
        raise BadTable(_("The table has more than 1 MiB. Split it into several batches."))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = _("The table is not UTF-8 text: byte %(n)d does not fit. Save it as “CSV UTF-8”.")
        raise BadTable(message % {"n": error.start + 1}) from error


def read_table(text: str, variables: Sequence[Variable]) -> list[dict[str, str]]:
    """The values of each row, by variable. The first line names the variables; an empty cell takes the default.

    Raises BadTable, with the column and the row that are wrong.
    """
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise BadTable(_("The table has more than 1 MiB. Split it into several batches."))
    if "\0" in text or not is_text(text):
        raise BadTable(_("The table holds a character that no model takes (NUL, or half a character). Remove it."))
    header, *records = _records(text) or [[]]
    _check_header(header, variables)
    if not records:
        raise BadTable(_("The table has no row of values below its header."))
    if len(records) > MAX_ROWS:
        message = _("The table has %(n)d rows; at most %(most)d can be run at once. Split it into several batches.")
        raise BadTable(message % {"n": len(records), "most": MAX_ROWS})
    by_name = {variable.name: variable for variable in variables}
    problems: list[str] = []
    rows = [_row(number, record, header, by_name, problems) for number, record in enumerate(records, 1)]
    if problems:
        raise BadTable(*problems[:_TOLD], *_and_more(len(problems) - _TOLD))
    return rows


def _records(text: str) -> list[list[str]]:
    """The lines that hold anything."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        return [record for record in reader if any(cell.strip() for cell in record)]
    except csv.Error as error:
        message = _("Line %(n)d cannot be read as CSV: %(why)s.")
        raise BadTable(message % {"n": reader.line_num, "why": error}) from error


def _delimiter(text: str) -> str:
    """A comma, unless the first line holds only others: spreadsheets in some languages write semicolons."""
    first = text.partition("\n")[0]
    return next((delimiter for delimiter in _DELIMITERS if delimiter in first), ",")


def _check_header(header: list[str], variables: Sequence[Variable]) -> None:
    header[:] = [cell.strip() for cell in header]
    names = [variable.name for variable in variables]
    missing = [name for name in names if name not in header]
    extra = [name or "–" for name in header if name not in names]
    doubled = sorted({name for name in header if header.count(name) > 1})
    problems = []
    if missing:
        problems.append(_("These columns are missing: %s.") % ", ".join(missing))
    if extra:
        problems.append(_("No variable has these columns' names: %s.") % ", ".join(extra))
    if doubled:
        problems.append(_("These columns are there twice: %s.") % ", ".join(doubled))
    if problems:
        raise BadTable(*problems)


def _row(
    number: int, record: Sequence[str], header: Sequence[str], variables: dict[str, Variable], problems: list[str]
) -> dict[str, str]:
    if len(record) != len(header):
        message = _("Row %(n)d has %(cells)d cells; the header has %(columns)d.")
        problems.append(message % {"n": number, "cells": len(record), "columns": len(header)})
        return {}
    values = {}
    for name, cell in zip(header, record, strict=True):
        values[name] = variables[name].taken(cell.replace("\r\n", "\n"))
        if problem := variables[name].problem(values[name]):
            problems.append(_("Row %(n)d, column “%(name)s”: %(why)s") % {"n": number, "name": name, "why": problem})
    return values


def _and_more(count: int) -> list[str]:
    if count <= 0:
        return []
    return [ngettext("And %(n)d more problem.", "And %(n)d more problems.", count) % {"n": count}]
