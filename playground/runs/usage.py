"""How much a workspace and its members use, added up as runs end."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import F, QuerySet, Sum
from django.utils import timezone

from playground.accounts.models import User
from playground.recording.status import RunStatus
from playground.runs.models import DailyUsage, Run
from playground.workspaces.models import Workspace

_FAILED: Final = frozenset({RunStatus.FAILED, RunStatus.TRUNCATED, RunStatus.INTERRUPTED})
COUNTS: Final = ("runs", "failed", "prompt_tokens", "completion_tokens", "estimated_tokens")
_Key = tuple[int, int, str]  # workspace, member, model


def count_usage(run_ids: Iterable[UUID]) -> None:
    """Add runs that have just ended to today's usage, in the transaction that ends them."""
    totals: dict[_Key, Counter[str]] = {}
    rows = Run.objects.filter(id__in=list(run_ids)).values_list(
        "turn__session__workspace_id",
        "turn__session__owner_id",
        "model_id",
        "status",
        "prompt_tokens",
        "completion_tokens",
        "usage",
        "metrics",
    )
    for workspace, member, model_id, status, prompt, completion, usage, metrics in rows:
        count = metrics.get("chunks", 0) if completion is None else completion
        is_estimated = completion is None or bool(usage and usage.get("estimated"))
        totals.setdefault((workspace, member, model_id), Counter()).update(
            runs=1,
            failed=int(status in _FAILED),
            prompt_tokens=prompt or 0,
            completion_tokens=count,
            estimated_tokens=count if is_estimated else 0,
        )
    today = timezone.localdate()
    for key, counts in sorted(totals.items()):
        _add(key, today, counts)


def tokens_today(workspace: Workspace, member: User | None = None) -> int:
    """Tokens of prompts and answers, of the workspace or of one member, in runs that ended today."""
    rows: QuerySet[DailyUsage] = DailyUsage.objects.filter(workspace=workspace, day=timezone.localdate())
    if member is not None:
        rows = rows.filter(member=member)
    found = rows.aggregate(total=Sum(F("prompt_tokens") + F("completion_tokens")))
    return found["total"] or 0


def _add(key: _Key, day: date, counts: Mapping[str, int]) -> None:
    """One statement, so that processes that end runs at the same moment lose nothing."""
    workspace, member, model_id = key
    table = connection.ops.quote_name(DailyUsage._meta.db_table)  # noqa: SLF001  (documented: "Model _meta API")
    sums = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in COUNTS)
    values: list[Any] = [workspace, member, model_id, day, *(counts[name] for name in COUNTS)]
    places = ", ".join(["%s"] * len(values))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (workspace_id, member_id, model_id, day, {', '.join(COUNTS)}) "  # noqa: S608
            f"VALUES ({places}) "
            f"ON CONFLICT (workspace_id, day, member_id, model_id) DO UPDATE SET {sums}",
            values,
        )
