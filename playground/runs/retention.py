"""Retention: what is old goes, or the oldest of what is too much. Synchronous: called on database threads only.

First the raw bytes of runs, without which a recording is read, searched, replayed and exported as before, but not
byte for byte; then whole sessions. Each step is a short transaction of its own, so that a server at work goes on, and
whoever ends the process in the middle leaves nothing half. What is pinned or opened by a link stays, unless the policy
says otherwise; what is live always does.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Length
from django.utils import timezone

from playground.recording.status import FINAL
from playground.recording.units import size
from playground.runs.models import Run, Segment, Session
from playground.runs.store import LIVE
from playground.workspaces import audit
from playground.workspaces.models import AuditEntry, Workspace

RUNS_AT_ONCE: Final = 50
SESSIONS_AT_ONCE: Final = 20
PINNED: Final = "pinned"

_protections: dict[str, Callable[[], Q]] = {PINNED: lambda: Q(pinned=True)}


def protect(name: str, sessions: Callable[[], Q]) -> None:
    """Keep these sessions, unless a policy names them in `even`. Called once, by the `ready` of the app that does."""
    _protections[name] = sessions


@dataclass(frozen=True, slots=True)
class Policy:
    """What has to go: sessions by the age of their last activity, raw bytes by that of the run's end.

    `max_bytes`: how much all recordings may take, as they are packed. `even`: names of what is otherwise kept.
    """

    older_than: timedelta | None = None
    raw_older_than: timedelta | None = None
    max_bytes: int | None = None
    workspace: Workspace | None = None
    even: frozenset[str] = frozenset()


def daily_policy() -> Policy | None:
    """What the settings ask for each day; None for nothing."""
    days, raw_days = settings.PLAYGROUND_KEEP_DAYS, settings.PLAYGROUND_KEEP_RAW_DAYS
    if not days and not raw_days:
        return None
    return Policy(
        older_than=timedelta(days=days) if days else None, raw_older_than=timedelta(days=raw_days) if raw_days else None
    )


@dataclass(slots=True)
class Pruned:
    """`raw_bytes` and `bytes` as they were packed; those of `sessions` without the raw bytes that went before."""

    raw_runs: int = 0
    raw_bytes: int = 0
    sessions: int = 0
    bytes: int = 0


class Pruning:
    """One go at a policy, which counts what it did in `pruned`. `dry_run`: only count."""

    def __init__(self, policy: Policy, *, dry_run: bool = False) -> None:
        self.pruned = Pruned()
        self._policy = policy
        self._dry_run = dry_run
        self._now = timezone.now()
        self._entries: dict[int, AuditEntry] = {}
        self._noted: set[int] = set()  # the workspaces whose entry is to be saved
        self._raw_of: Counter[UUID] = Counter()  # by session, for a dry run, which leaves it there
        self._steps = self._all_steps()

    def step(self) -> bool:
        """The next transaction; False once nothing is left to do."""
        return next(self._steps, False) is None

    def _all_steps(self) -> Iterator[None]:
        policy = self._policy
        if policy.raw_older_than is not None:
            ended = self._ended_runs().filter(ended_at__lt=self._now - policy.raw_older_than)
            yield from self._prune_raw(ended)
        if policy.older_than is not None:
            yield from self._delete(self._sessions().filter(updated_at__lt=self._now - policy.older_than))
        if policy.max_bytes is not None:
            excess = recorded_bytes(policy.workspace) - policy.max_bytes
            if self._dry_run:
                excess -= self.pruned.raw_bytes + self.pruned.bytes
            raw_before = self.pruned.raw_bytes
            yield from self._prune_raw(self._ended_runs(), excess)
            excess -= self.pruned.raw_bytes - raw_before
            yield from self._delete(self._sessions(), excess)

    def _sessions(self) -> QuerySet[Session]:
        live = Run.objects.filter(turn__session=OuterRef("pk"), status__in=LIVE)
        found = Session.objects.filter(~Exists(live))
        for name, condition in _protections.items():
            if name not in self._policy.even:
                found = found.exclude(condition())
        return found.filter(workspace=self._policy.workspace) if self._policy.workspace is not None else found

    def _ended_runs(self) -> QuerySet[Run]:
        """Those that have raw bytes which may go: compaction has to be over, or it would put back what it has read."""
        uncompacted = Segment.objects.filter(run=OuterRef("pk"), is_compact=False)
        raw = Segment.objects.alias(taken=Length("reads")).filter(run=OuterRef("pk"), taken__gt=0)
        ended = Run.objects.filter(~Exists(uncompacted), Exists(raw), status__in=FINAL, raw_pruned_at=None)
        return ended.filter(turn__session__in=self._sessions())

    def _prune_raw(self, runs: QuerySet[Run], enough: int | None = None) -> Iterator[None]:
        """Oldest first, by their ids. `enough`: to stop at once so many bytes are free."""
        last, freed = UUID(int=0), 0
        while enough is None or freed < enough:
            batch = (
                runs.filter(pk__gt=last).order_by("pk").values_list("pk", "turn__session", "turn__session__workspace")
            )
            found = list(batch[:RUNS_AT_ONCE])
            if not found:
                return
            last = found[-1][0]
            raw = _bytes_of_runs([pk for pk, *_ in found])
            chosen = []
            for pk, session, workspace in found:
                if raw[pk] and (enough is None or freed < enough):
                    chosen.append((pk, session, workspace))
                    freed += raw[pk]
            self._drop_raw(chosen, raw)
            yield

    def _drop_raw(self, chosen: Sequence[tuple[UUID, UUID, int]], raw: Counter[UUID]) -> None:
        keys = [pk for pk, *_ in chosen]
        self.pruned.raw_runs += len(keys)
        self.pruned.raw_bytes += sum(raw[pk] for pk in keys)
        if self._dry_run:
            for pk, session, _ in chosen:
                self._raw_of[session] += raw[pk]
            return
        with transaction.atomic():
            Segment.objects.filter(run__in=keys).exclude(reads=b"").update(reads=b"")
            Run.objects.filter(pk__in=keys).update(raw_pruned_at=self._now)
            for pk, _, workspace in chosen:
                self._note(workspace, raw_bytes_of=1, freed=raw[pk])
            self._save_notes()

    def _delete(self, sessions: QuerySet[Session], enough: int | None = None) -> Iterator[None]:
        """Oldest first. `enough`: to stop at once so many bytes are free."""
        freed, passed = 0, 0
        while enough is None or freed < enough:
            with nullcontext() if self._dry_run else transaction.atomic():
                oldest = sessions.order_by("updated_at", "pk")[passed : passed + SESSIONS_AT_ONCE]
                held = oldest if self._dry_run else oldest.select_for_update()
                found = list(held.values_list("pk", "workspace"))
                if not found:
                    return
                sizes = _bytes_of_sessions([pk for pk, _ in found])
                chosen = []
                for pk, workspace in found:
                    if enough is None or freed < enough:
                        chosen.append((pk, workspace))
                        freed += sizes[pk] - self._raw_of[pk]
                self.pruned.sessions += len(chosen)
                self.pruned.bytes += sum(sizes[pk] - self._raw_of[pk] for pk, _ in chosen)
                if self._dry_run:
                    passed += len(chosen)
                else:
                    Session.objects.filter(pk__in=[pk for pk, _ in chosen]).delete()
                    for pk, workspace in chosen:
                        self._note(workspace, sessions=1, freed=sizes[pk])
                    self._save_notes()
            yield

    def _note(self, workspace: int, **counts: int) -> None:
        """Add to what the audit log says of this go: an entry a workspace."""
        entry = self._entries.get(workspace)
        if entry is None:
            entry = audit.record(Workspace.objects.get(pk=workspace), None, "session.prune")
            self._entries[workspace] = entry
        self._noted.add(workspace)
        for name, count in counts.items():
            entry.details[name] = entry.details.get(name, 0) + count

    def _save_notes(self) -> None:
        for workspace in self._noted:
            self._entries[workspace].save(update_fields=["details"])
        self._noted.clear()


def recorded_bytes(workspace: Workspace | None = None) -> int:
    """What all recordings take, as they are packed: without the texts beside them, and the indexes."""
    segments = Segment.objects.order_by()
    if workspace is not None:
        segments = segments.filter(run__turn__session__workspace=workspace)
    return segments.aggregate(total=Sum(Length("events") + Length("reads")))["total"] or 0


def _bytes_of_runs(keys: Sequence[UUID]) -> Counter[UUID]:
    segments = Segment.objects.filter(run__in=keys).order_by()
    return Counter(dict(segments.values_list("run").annotate(taken=Sum(Length("reads")))))


def _bytes_of_sessions(keys: Sequence[UUID]) -> Counter[UUID]:
    segments = Segment.objects.filter(run__turn__session__in=keys).order_by()
    taken = Sum(Length("events") + Length("reads"))
    return Counter(dict(segments.values_list("run__turn__session").annotate(taken=taken)))


def in_words(pruned: Pruned) -> str:
    """For the log and the terminal: English, as all of theirs."""
    return (
        f"raw bytes of {pruned.raw_runs:,} runs ({size(pruned.raw_bytes)}), "
        f"{pruned.sessions:,} sessions ({size(pruned.bytes)})"
    )
