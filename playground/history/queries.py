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
from playground.history.listing import Cursor, Selection, find
from playground.history.scopes import Scope
from playground.history.search import mark_terms, snippets
from playground.history.services import default_title
from playground.recording.status import RunStatus
from playground.review.models import SessionTag
from playground.runs.badges import Badge, worst
from playground.runs.models import Run, Session, Turn, Visibility
from playground.runs.store import LIVE

PAGE: Final = 30
_MOST_LIVE: Final = 100

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


class LastRun(NamedTuple):
    """What a row says of a run of its session's last turn."""

    model: str
    status: str
    findings: Sequence[Mapping[str, Any]]


@dataclass(slots=True)
class Row:
    """`models`, `status` and `badges` are those of the session's last turn; `status` is "" before its first.

    `is_linked`: a share link opens it.
    """

    session: Session
    title: str
    title_html: SafeString
    models: list[str] = field(default_factory=list)
    status: str = ""
    snippet: SafeString | str = ""
    badges: list[Badge] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    is_linked: bool = False

    @property
    def is_live(self) -> bool:
        return self.status in LIVE

    @property
    def words(self) -> Promise | str:
        """The status in words."""
        return STATUS_WORDS[self.status] if self.status else ""

    @property
    def is_shared(self) -> bool:
        return self.session.visibility == Visibility.WORKSPACE

    @property
    def is_today(self) -> bool:
        return timezone.localdate(self.session.updated_at) >= timezone.localdate()

    def group(self, scope: Scope) -> Group:
        if scope is Scope.DELETED:
            return group_of(self.session.deleted_at or self.session.updated_at)
        return group_of(self.session.updated_at, pinned=self.session.pinned and scope.has_pins, live=self.is_live)


class Section(NamedTuple):
    group: Group
    heading: str
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class SessionPage:
    """`next` is where the list goes on, if it may; `seen` how many match as far as was looked: all, if `is_whole`."""

    sections: Sequence[Section]
    next: Cursor | None
    seen: int
    is_whole: bool

    @property
    def is_empty(self) -> bool:
        return not any(section.rows for section in self.sections)

    @property
    def rows(self) -> list[Row]:
        return [row for section in self.sections for row in section.rows]


def session_page(selection: Selection, *, after: Cursor | None = None, limit: int = PAGE) -> SessionPage:
    """Pinned sessions, then those with a live run (all on the first page), then the others, newest first.

    A number of queries that no row adds to.
    """
    scope = selection.scope
    live: list[UUID] = []
    exclude = None
    if scope is not Scope.DELETED:
        unpinned = Q(pinned=False) if scope.has_pins else Q()
        exclude = unpinned & Q(pk__in=_live_ids())
        if after is None:
            found_live = live_sessions(selection.sessions.filter(unpinned)).filter(*selection.tests)
            if selection.candidates is not None:
                found_live = found_live.filter(pk__in=selection.candidates)
            live = list(found_live.order_by(*scope.ordering).values_list("pk", flat=True)[:_MOST_LIVE])
    found = find(selection, after, limit, exclude=exclude)
    ids = [*live, *(place.id for place in found.places)]
    sessions = Session.objects.select_related("owner").in_bulk(ids)
    rows = rows_of([sessions[key] for key in ids if key in sessions], selection.terms)
    return SessionPage(_sections(rows, scope), found.next, len(live) + found.seen, found.is_whole)


def live_sessions(sessions: QuerySet[Session]) -> QuerySet[Session]:
    return sessions.filter(pk__in=_live_ids())


def _live_ids() -> QuerySet[Run, Any]:
    """Live runs are few, and have an index of their own."""
    return Run.objects.filter(status__in=LIVE).order_by().values("turn__session_id")


def rows_of(sessions: Sequence[Session], terms: Sequence[str] = ()) -> list[Row]:
    """The sessions with what a row says of them: five queries at most."""
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
    tags = _tags_of(ids)
    linked = _linked(ids)
    rows = []
    for session in sessions:
        if session.pk in by_session:
            turn, opening = by_session[session.pk]
            row = _row(session, opening or "", runs.get(turn, []), found.get(session.pk, ""), terms)
            row.tags, row.is_linked = tags.get(session.pk, []), session.pk in linked
            rows.append(row)
    return rows


def _runs_of(turn_ids: Iterable[UUID]) -> dict[UUID | None, list[LastRun]]:
    """The runs of turns, but not those that were retried: in the same turn, and so among what is read anyway."""
    found = Run.objects.filter(turn_id__in=list(turn_ids)).order_by("lane", "created_at")
    rows = list(found.values_list("pk", "retries_id", "turn_id", "model_id", "status", "findings"))
    retried = {retries for _key, retries, *_facts in rows}
    runs: dict[UUID | None, list[LastRun]] = {}
    for key, _retries, turn, *facts in rows:
        if key not in retried:
            runs.setdefault(turn, []).append(LastRun(*facts))
    return runs


def _tags_of(ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    tags: dict[UUID, list[str]] = {}
    for session, name in (
        SessionTag.objects.filter(session__in=ids).order_by("tag__name").values_list("session_id", "tag__name")
    ):
        tags.setdefault(session, []).append(name)
    return tags


def _linked(ids: Sequence[UUID]) -> set[UUID]:
    """Those that a share link opens, which has neither expired nor been revoked."""
    in_time = Q(share_links__expires_at=None) | Q(share_links__expires_at__gt=timezone.now())
    linked = Session.objects.filter(in_time, pk__in=ids, share_links__isnull=False, share_links__revoked_at=None)
    return set(linked.values_list("pk", flat=True))


def _row(
    session: Session, opening: str, lanes: Sequence[LastRun], found: SafeString | str, terms: Sequence[str]
) -> Row:
    title = session.title or default_title(opening) or session.shown_title
    statuses = {lane.status for lane in lanes}
    title_html = mark_terms(title, terms)
    return Row(
        session,
        title,
        title_html,
        models=list(dict.fromkeys(lane.model for lane in lanes)),
        status=next((status.value for status in _WORST_FIRST if status in statuses), ""),
        snippet=found if found != title_html else "",
        badges=worst([lane.findings for lane in lanes]),
    )


def _sections(rows: Iterable[Row], scope: Scope) -> list[Section]:
    headings = {
        Group.PINNED: _("Pinned"),
        Group.LIVE: _("Live now"),
        Group.TODAY: _("Today"),
        Group.YESTERDAY: _("Yesterday"),
        Group.EARLIER: _("Earlier"),
    }
    order = list(Group)
    grouped = groupby(sorted(rows, key=lambda row: order.index(row.group(scope))), key=lambda row: row.group(scope))
    return [Section(group, headings[group], list(members)) for group, members in grouped]


def group_of(updated_at: datetime, *, pinned: bool = False, live: bool = False) -> Group:
    if pinned:
        return Group.PINNED
    if live:
        return Group.LIVE
    today = timezone.localdate()
    day = timezone.localdate(updated_at)
    if day >= today:
        return Group.TODAY
    return Group.YESTERDAY if day == today - timedelta(days=1) else Group.EARLIER
