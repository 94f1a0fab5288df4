"""The result grid of a batch: rows × models, sorted by any column, and the totals of each model."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models.functions import Substr
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from playground.library.models import Batch
from playground.recording.status import RunStatus
from playground.runs.models import Run
from playground.runs.store import LIVE

PAGE: Final = 50  # rows, where few models make them short
CELLS: Final = 200
ANSWER_START: Final = 280  # characters
STATUS_WORDS: Final[Mapping[str, Promise]] = {
    RunStatus.QUEUED: _("queued"),
    RunStatus.STREAMING: _("streaming"),
    RunStatus.COMPLETED: _("completed"),
    RunStatus.CANCELLED: _("stopped"),
    RunStatus.TRUNCATED: _("truncated"),
    RunStatus.FILTERED: _("filtered"),
    RunStatus.FAILED: _("failed"),
    RunStatus.INTERRUPTED: _("interrupted"),
}


@dataclass(slots=True)
class Cell:
    """A lane's newest run; `text` is the beginning of its answer, filled in for the rows that are shown."""

    run_id: UUID
    status: str
    ttft_ms: float | None
    tokens_per_s: float | None
    text: str = ""
    error: str = ""

    @property
    def is_live(self) -> bool:
        return self.status in LIVE

    @property
    def words(self) -> Promise:
        return STATUS_WORDS[self.status]


@dataclass(slots=True)
class GridRow:
    """`values` are in the order of the variables. `cells` has one for each model, None where none was started; `error`
    says why the row could not be.
    """

    number: int
    values: Mapping[str, str]
    cells: list[Cell | None]
    error: str

    @property
    def is_started(self) -> bool:
        return any(self.cells)


@dataclass(frozen=True, slots=True)
class Total:
    """`failed` counts all ends that are not complete answers; the medians are None without a complete answer."""

    model_id: str
    lane: int
    completed: int
    failed: int
    live: int
    ttft_ms: float | None
    tokens_per_s: float | None


@dataclass(frozen=True, slots=True)
class Grid:
    """`names`: the variables. `is_running`: there is more to come."""

    batch: Batch
    names: Sequence[str]
    rows: Sequence[GridRow]
    totals: Sequence[Total]
    is_running: bool

    @property
    def done(self) -> int:
        """Rows in which nothing runs any more."""
        return sum(
            (row.is_started or bool(row.error)) and not any(cell and cell.is_live for cell in row.cells)
            for row in self.rows
        )

    @property
    def refused(self) -> int:
        return sum(bool(row.error) for row in self.rows)


def load(batch: Batch) -> Grid:
    """All rows, without their answers: two queries."""
    cells = _cells(Run.objects.filter(turn__batch_row__batch=batch))
    stored = batch.rows.order_by("position").values_list("position", "values", "turn_id", "error")
    lanes = range(len(batch.model_ids))
    names = [variable["name"] for variable in batch.version.variables]
    rows = [
        GridRow(
            position + 1,
            {name: values.get(name, "") for name in names},
            [cells.get((turn, lane)) for lane in lanes],
            error,
        )
        for position, values, turn, error in stored
    ]
    totals = [_total(model, lane, (row.cells[lane] for row in rows)) for lane, model in enumerate(batch.model_ids)]
    is_running = batch.is_open or any(total.live for total in totals)
    return Grid(batch, names, rows, totals, is_running)


def page_of(grid: Grid, sort: str, number: str | None) -> "Page[GridRow]":
    """A page of the sorted rows, with the beginnings of their answers: one query."""
    per_page = min(PAGE, CELLS // len(grid.batch.model_ids))
    page = Paginator(sorted_rows(grid, sort), per_page).get_page(number)
    fill_texts(page.object_list, ANSWER_START)
    return page


def sorted_rows(grid: Grid, sort: str) -> list[GridRow]:
    """`sort` is `row`, `value-N`, `ttft-N`, `rate-N` or `status-N`, `-` before it turns it round; N counts from 0.

    Rows without a value come last either way.
    """
    column, is_down = sort.removeprefix("-"), sort.startswith("-")
    key = _key(grid, column)
    known = [row for row in grid.rows if key(row) is not None]
    unknown = [row for row in grid.rows if key(row) is None]
    return [*sorted(known, key=key, reverse=is_down), *unknown]


def fill_texts(rows: Iterable[GridRow], length: int = 0) -> None:
    """Read the answers of these rows, or their first `length` characters: one query."""
    cells = {cell.run_id: cell for row in rows for cell in row.cells if cell}
    runs = Run.objects.filter(pk__in=cells).order_by()
    texts = runs.annotate(beginning=Substr("text", 1, length)).values_list("pk", "beginning", "error_message")
    for run, text, error in texts if length else runs.values_list("pk", "text", "error_message"):
        cells[run].text, cells[run].error = text, error


def exported(grid: Grid, address: Callable[[UUID], str], *, at_once: int = 100) -> Iterator[list[Any]]:
    """The lines of the table as a file: the header, then a line a row. `address` makes the link to a run."""
    models = grid.batch.model_ids
    columns = ("answer", "status", "ttft_ms", "tokens_per_s", "run")
    yield ["row", *grid.names, *(f"{model} {column}" for model in models for column in columns), "error"]
    for start in range(0, len(grid.rows), at_once):
        part = grid.rows[start : start + at_once]
        fill_texts(part)
        for row in part:
            cells = [value for cell in row.cells for value in _exported_cell(cell, address)]
            yield [row.number, *row.values.values(), *cells, row.error]
            for cell in filter(None, row.cells):
                cell.text = ""  # only one part's answers are held at a time


def _exported_cell(cell: Cell | None, address: Callable[[UUID], str]) -> list[Any]:
    if cell is None:
        return ["", "", None, None, ""]
    return [cell.text, cell.status, cell.ttft_ms, cell.tokens_per_s, address(cell.run_id)]


def _cells(runs: Any) -> dict[tuple[UUID, int], Cell]:
    """The newest run of each lane, by turn and lane."""
    light = runs.order_by("created_at").values_list("turn_id", "lane", "pk", "status", "ttft_ms", "tokens_per_s")
    return {(turn, lane): Cell(*fields) for turn, lane, *fields in light}


def _total(model: str, lane: int, cells: Iterable[Cell | None]) -> Total:
    found = [cell for cell in cells if cell]
    counts = Counter("live" if cell.is_live else cell.status for cell in found)
    whole = [cell for cell in found if cell.status == RunStatus.COMPLETED]
    completed, live = counts[RunStatus.COMPLETED], counts["live"]
    return Total(
        model,
        lane,
        completed,
        len(found) - completed - live,
        live,
        _median(cell.ttft_ms for cell in whole),
        _median(cell.tokens_per_s for cell in whole),
    )


def _median(numbers: Iterable[float | None]) -> float | None:
    known = [number for number in numbers if number is not None]
    return median(known) if known else None


def _key(grid: Grid, column: str) -> Callable[[GridRow], Any]:
    kind, _separator, number = column.partition("-")
    at = int(number) if number.isdecimal() and len(number) < 4 else -1
    if kind == "value" and 0 <= at < len(grid.names):
        return lambda row: _sortable(row.values.get(grid.names[at], ""))
    fields = {"ttft": "ttft_ms", "rate": "tokens_per_s", "status": "status"}
    if kind in fields and 0 <= at < len(grid.batch.model_ids):
        return lambda row: getattr(row.cells[at], fields[kind], None)
    return lambda row: row.number


def _sortable(value: str) -> tuple[bool, float, str]:
    """Numbers by size before texts by letters."""
    try:
        return False, float(value), ""
    except ValueError:
        return True, 0.0, value.casefold()
