"""`manage.py prune`: removes what is old, or the oldest of what is too much, while the server runs."""

import math
import re
from argparse import ArgumentParser, ArgumentTypeError
from datetime import timedelta
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from playground.recording.units import size
from playground.runs.models import Run, Segment, Session, Turn
from playground.runs.retention import Policy, Pruning, in_words, recorded_bytes
from playground.workspaces.models import Workspace

_AGE: Final = re.compile(r"(\d{1,6})\s*([hdw])")
_SIZE: Final = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)\s*([kmgt]i?)?b?", re.IGNORECASE)
_UNITS: Final = {"h": "hours", "d": "days", "w": "weeks"}


def age(text: str) -> timedelta:
    found = _AGE.fullmatch(text.strip().lower())
    if found is None:
        raise ArgumentTypeError(f"“{text}” is no age; write 90d, 12w or 36h")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def bytes_of(text: str) -> int:
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise ArgumentTypeError(f"“{text}” is no size; write 20GB, 500MB or 1.5GiB")
    unit = (found[2] or "").lower()
    power = "kmgt".find(unit[0]) + 1 if unit else 0
    step = 1024 if unit.endswith("i") else 1000
    return round(float(found[1]) * math.pow(step, power))


class Command(BaseCommand):
    help = (
        "Remove old recordings: first raw bytes, then whole sessions, the oldest first. What is pinned or opened by a "
        "share link stays unless you say so; what is live always does. Safe while the server runs."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--older-than", type=age, metavar="AGE", help="sessions last used so long ago: 90d, 12w, 36h"
        )
        parser.add_argument(
            "--raw-bytes-older-than", type=age, metavar="AGE", help="the raw bytes of runs that ended so long ago"
        )
        parser.add_argument(
            "--max-size",
            type=bytes_of,
            metavar="SIZE",
            help="how much all recordings may take, as they are packed, which is less than the database (20GB): "
            "raw bytes go first, then sessions",
        )
        parser.add_argument("--workspace", metavar="SLUG", help="only what is in this workspace")
        parser.add_argument("--pinned", action="store_true", help="also what is pinned")
        parser.add_argument("--shared", action="store_true", help="also what a share link opens")
        parser.add_argument("--dry-run", action="store_true", help="only say what would go")
        parser.add_argument(
            "--vacuum",
            action="store_true",
            help="give free space back; SQLite copies its whole file for it and takes no writes meanwhile",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if Session._meta.db_table not in connection.introspection.table_names():  # noqa: SLF001  (documented)
            raise CommandError("The database has no tables yet: run “.venv/bin/python manage.py migrate” first.")
        policy = self._policy(options)
        pruning = Pruning(policy, dry_run=options["dry_run"])
        while pruning.step():
            pass
        would = "It would remove" if options["dry_run"] else "Removed"
        self.stdout.write(f"{would}: {in_words(pruning.pruned)}.")
        if options["dry_run"]:
            return
        self.stdout.write(f"The recordings take {size(recorded_bytes(policy.workspace))} now.")
        if options["vacuum"]:
            _vacuum()
        self.stdout.write(_space(vacuumed=options["vacuum"]))

    def _policy(self, options: dict[str, Any]) -> Policy:
        limits = options["older_than"], options["raw_bytes_older_than"], options["max_size"]
        if limits == (None, None, None):
            raise CommandError("Say what may go: --older-than, --raw-bytes-older-than or --max-size.")
        return Policy(*limits, _workspace(options["workspace"]), _even(options))


def _even(options: dict[str, Any]) -> frozenset[str]:
    return frozenset(name for name in ("pinned", "shared") if options[name])


def _workspace(slug: str | None) -> Workspace | None:
    if slug is None:
        return None
    try:
        return Workspace.objects.get(slug=slug)
    except Workspace.DoesNotExist:
        known = ", ".join(Workspace.objects.order_by("slug").values_list("slug", flat=True)[:20])
        raise CommandError(f"There is no workspace “{slug}”; there are {known}.") from None


def _vacuum() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("VACUUM")
            return
        for model in (Segment, Run, Turn, Session):
            cursor.execute(f"VACUUM (ANALYZE) {connection.ops.quote_name(model._meta.db_table)}")  # noqa: SLF001


def _space(*, vacuumed: bool) -> str:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            page, pages, free = (
                cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_size", "page_count", "freelist_count")
            )
            if vacuumed:
                return f"The database file has {size(page * pages)} now; what was free was given back."
            return (
                f"The database file has {size(page * pages)}, of which {size(page * free)} are free: new recordings "
                "use them first, and --vacuum gives them back."
            )
        cursor.execute("SELECT pg_database_size(current_database())")
        (total,) = cursor.fetchone()
        if vacuumed:
            return f"The database has {size(total)}; what was removed is free for new recordings."
        return f"The database has {size(total)}; PostgreSQL's autovacuum frees what was removed for new recordings."
