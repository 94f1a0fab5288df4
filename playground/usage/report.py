"""How much was used: by day, by member and by model."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, TypeVar

from django.utils import timezone

from playground.accounts.models import User
from playground.runs.models import DailyUsage
from playground.usage.prices import Prices, prices_of
from playground.workspaces.models import Workspace

PERIODS: Final = (7, 30, 90, 365)
K = TypeVar("K")


@dataclass(slots=True)
class Total:
    """`cost` in US dollars, of what has a price; `unpriced` runs have none."""

    runs: int = 0
    failed: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    estimated_tokens: int = 0
    cost: Decimal = Decimal(0)
    unpriced: int = 0

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    @property
    def has_cost(self) -> bool:
        return self.unpriced < self.runs

    def add(self, row: DailyUsage, prices: Prices) -> None:
        self.runs += row.runs
        self.failed += row.failed
        self.prompt_tokens += row.prompt_tokens
        self.completion_tokens += row.completion_tokens
        self.estimated_tokens += row.estimated_tokens
        price = prices.of(row.model_id)
        if price is None:
            self.unpriced += row.runs
        else:
            self.cost += price.of(row.prompt_tokens, row.completion_tokens)


@dataclass(frozen=True, slots=True)
class Line:
    """`share` in 0-1, of the largest line's tokens."""

    name: str
    total: Total
    share: float


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    total: Total


@dataclass(frozen=True, slots=True)
class Report:
    """`days` has every day of the period, oldest first."""

    total: Total
    days: Sequence[Day]
    models: Sequence[Line]
    members: Sequence[Line]

    @property
    def is_empty(self) -> bool:
        return self.total.runs == 0


def usage_rows(workspace: Workspace, days: int, member: User | None = None, model_id: str = "") -> list[DailyUsage]:
    """Those of the last `days` days, today included."""
    rows = DailyUsage.objects.filter(workspace=workspace, day__gt=timezone.localdate() - timedelta(days=days))
    if member is not None:
        rows = rows.filter(member=member)
    if model_id:
        rows = rows.filter(model_id=model_id)
    return list(rows.select_related("member").order_by("day", "member__username", "model_id"))


def make_report(workspace: Workspace, rows: Sequence[DailyUsage], days: int) -> Report:
    prices = prices_of(workspace)
    total = Total()
    for row in rows:
        total.add(row, prices)
    by_day = _totals(rows, prices, lambda row: row.day)
    today = timezone.localdate()
    period = (today - timedelta(days=age) for age in reversed(range(days)))
    return Report(
        total,
        [Day(day, by_day.get(day, Total())) for day in period],
        _lines(_totals(rows, prices, lambda row: row.model_id)),
        _lines(_totals(rows, prices, lambda row: row.member.get_username())),
    )


def _totals(rows: Iterable[DailyUsage], prices: Prices, key: Callable[[DailyUsage], K]) -> dict[K, Total]:
    totals: dict[K, Total] = {}
    for row in rows:
        totals.setdefault(key(row), Total()).add(row, prices)
    return totals


def _lines(totals: dict[str, Total]) -> list[Line]:
    """Most tokens first."""
    most = max((total.tokens for total in totals.values()), default=0)
    ordered = sorted(totals.items(), key=lambda item: (-item[1].tokens, item[0]))
    return [Line(name, total, total.tokens / most if most else 0) for name, total in ordered]
