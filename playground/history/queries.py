"""Reads for the history: a page of sessions with what a row shows, in a number of queries that no row adds to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Substr
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from playground.history.filters import STATUS_WORDS
from playground.history.search import mark_terms, snippets
from playground.history.services import default_title
from playground.recording.status import RunStatus
from playground.runs.models import Run, Session, Turn
from playground.runs.store import LIVE

PAGE: Final = 30

# The worst of a turn's lanes is what its session's dot shows.
_WORST_FIRST: Final = (
    RunStatus.STREAMING,
    RunStatus.QUEUED,
    RunStatus.FAILED,
    RunStatus.INTERRUPTED,
    RunStatus.TRUNCATED,
    RunStatus.FILTERED,
    RunStatus.CANCELLED,
    RunStatus.COMPLETED,
)


class Group(StrEnum):
    PINNED = "pinned"
    LIVE = "live"
    TODAY = "today"
    YESTERDAY = "yesterday"
    EARLIER = "earlier"


@dataclass(slots=True)
class Row:
    """`models` and `status` are those of the session's last turn; `status` is "" before its first."""

    session: Session
    title: str
    title_html: SafeString
    models: list[str] = field(default_factory=list)
    status: str = ""
    snippet: SafeString | str = ""

    @property
    def is_live(self) -> bool:
        return self.status in LIVE

    @property
    def words(self) -> Promise | str:
        """The status in words."""
        return STATUS_WORDS[self.status] if self.status else ""

    @property
    def model_names(self) -> list[str]:
        """Without their connections."""
        return [model.partition("/")[2] or model for model in self.models]

    @property
    def is_today(self) -> bool:
        return timezone.localdate(self.session.updated_at) >= timezone.localdate()

    @property
    def group(self) -> Group:
        return _group(self.session.updated_at, pinned=self.session.pinned, live=self.is_live)


class Section(NamedTuple):
    group: Group
    heading: str
    rows: list[Row]


class Cursor(NamedTuple):
    """The place after a row in the order of the list."""

    pinned: bool
    updated_at: datetime
    id: UUID

    def __str__(self) -> str:
        return f"{int(self.pinned)}_{self.updated_at.isoformat()}_{self.id.hex}"

    @property
    def group(self) -> Group:
        return _group(self.updated_at, pinned=self.pinned)

    @classmethod
    def parse(cls, text: str) -> "Cursor | None":
        """None for what is not a cursor: the list then starts at its top."""
        try:
            pinned, moment, key = text.split("_")
            updated_at = datetime.fromisoformat(moment)
            if updated_at.tzinfo is None:
                return None
            return cls(bool(int(pinned)), updated_at, UUID(hex=key))
        except ValueError:
            return None


class SessionPage(NamedTuple):
    sections: Sequence[Section]
    next: Cursor | None

    @property
    def is_empty(self) -> bool:
        return not any(section.rows for section in self.sections)


def session_page(
    sessions: QuerySet[Session], *, after: Cursor | None = None, terms: Sequence[str] = (), limit: int = PAGE
) -> SessionPage:
    """Pinned sessions, then those with a live run (all on the first page), then the others by their last activity."""
    live = live_sessions(sessions).filter(pinned=False)
    others = sessions.exclude(Q(pinned=False) & Q(pk__in=_live_ids())).order_by("-pinned", "-updated_at", "-pk")
    if after is not None:
        others = others.filter(
            Q(pinned__lt=after.pinned)
            | Q(pinned=after.pinned, updated_at__lt=after.updated_at)
            | Q(pinned=after.pinned, updated_at=after.updated_at, pk__lt=after.id)
        )
    found = list(others[: limit + 1])
    more = len(found) > limit
    found = found[:limit]
    last = found[-1] if more else None
    first_page = [] if after is not None else list(live.order_by("-updated_at", "-pk"))
    rows = rows_of([*first_page, *found], terms)
    following = Cursor(last.pinned, last.updated_at, last.pk) if last else None
    return SessionPage(_sections(rows), following)


def live_sessions(sessions: QuerySet[Session]) -> QuerySet[Session]:
    return sessions.filter(pk__in=_live_ids())


def _live_ids() -> QuerySet[Run, Any]:
    """Live runs are few, and have an index of their own."""
    return Run.objects.filter(status__in=LIVE).order_by().values("turn__session_id")


def rows_of(sessions: Sequence[Session], terms: Sequence[str] = ()) -> list[Row]:
    """The sessions with their models, status, title and snippet: three queries at most."""
    ids = [session.pk for session in sessions]
    turns = Turn.objects.filter(session=OuterRef("pk"))
    details = (
        Session.objects.filter(pk__in=ids)
        .annotate(
            last_turn=Subquery(turns.order_by("-position").values("pk")[:1]),
            opening=Subquery(turns.order_by("position").annotate(head=Substr("prompt", 1, 400)).values("head")[:1]),
        )
        .values_list("pk", "last_turn", "opening")
    )
    by_session = {pk: (turn, opening) for pk, turn, opening in details}
    runs = _runs_of([turn for turn, _opening in by_session.values() if turn])
    found = snippets(ids, terms)
    return [
        _row(session, *by_session[session.pk], runs, found, terms) for session in sessions if session.pk in by_session
    ]


def _runs_of(turn_ids: Iterable[UUID]) -> dict[UUID, list[tuple[str, str]]]:
    """Model and status of the runs of turns, but not of those that were retried."""
    rows = Run.objects.filter(turn_id__in=list(turn_ids), retried_by=None).order_by("lane", "created_at")
    runs: dict[UUID, list[tuple[str, str]]] = {}
    for turn, model, status in rows.values_list("turn_id", "model_id", "status"):
        runs.setdefault(turn, []).append((model, status))
    return runs


def _row(
    session: Session,
    turn: UUID | None,
    opening: str | None,
    runs: dict[UUID, list[tuple[str, str]]],
    found: Mapping[UUID, SafeString],
    terms: Sequence[str],
) -> Row:
    title = session.title or default_title(opening or "") or _("Untitled")
    lanes = runs.get(turn, []) if turn else []
    statuses = {status for _model, status in lanes}
    title_html = mark_terms(title, terms)
    snippet = found.get(session.pk, "")
    return Row(
        session,
        title,
        title_html,
        models=list(dict.fromkeys(model for model, _status in lanes)),
        status=next((status.value for status in _WORST_FIRST if status in statuses), ""),
        snippet=snippet if snippet != title_html else "",
    )


def _sections(rows: Iterable[Row]) -> list[Section]:
    headings = {
        Group.PINNED: _("Pinned"),
        Group.LIVE: _("Live now"),
        Group.TODAY: _("Today"),
        Group.YESTERDAY: _("Yesterday"),
        Group.EARLIER: _("Earlier"),
    }
    order = list(Group)
    grouped = groupby(sorted(rows, key=lambda row: order.index(row.group)), key=lambda row: row.group)
    return [Section(group, headings[group], list(members)) for group, members in grouped]


def _group(updated_at: datetime, *, pinned: bool = False, live: bool = False) -> Group:
    if pinned:
        return Group.PINNED
    if live:
        return Group.LIVE
    today = timezone.localdate()
    day = timezone.localdate(updated_at)
    if day >= today:
        return Group.TODAY
    return Group.YESTERDAY if day == today - timedelta(days=1) else Group.EARLIER
