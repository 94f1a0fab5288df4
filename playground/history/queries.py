"""Reads for the history: a page of sessions with what a row shows, in a number of queries that no row adds to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from playground.history.facts import LastRun, facts_of
from playground.history.filters import STATUS_WORDS
from playground.history.listing import Cursor, Selection, find
from playground.history.scopes import Scope
from playground.history.search import mark_terms, snippets
from playground.history.services import default_title
from playground.recording.status import RunStatus
from playground.runs.badges import Badge, worst
from playground.runs.models import Run, Session, Visibility
from playground.runs.store import LIVE

PAGE: Final = 30
_MOST_LIVE: Final = 100
_ANY: Final = UUID("00000000-0000-7000-8000-616464726573")  # stands for a session in an address that is made once

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
    """`models`, `status` and `badges` are those of the session's last turn; `status` is "" before its first.

    `address`: the session's page. `updated_at` is in the reader's time zone, where `is_today` holds. `is_linked`: a
    share link opens it.
    """

    session: Session
    title: str
    title_html: SafeString
    address: str
    updated_at: datetime
    is_today: bool
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
    def has_badges(self) -> bool:
        return bool(self.is_shared or self.is_linked or self.session.origin or self.badges or self.tags)

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
    # Mostly there is none, and all that follows is asked without them.
    if scope is not Scope.DELETED and (streaming := set(_live_ids())):
        unpinned = Q(pinned=False) if scope.has_pins else Q()
        exclude = unpinned & Q(pk__in=streaming)
        if after is None:
            found_live = selection.sessions.filter(unpinned, pk__in=streaming).filter(*selection.tests)
            if selection.candidates is not None:
                found_live = found_live.filter(pk__in=selection.candidates)
            live = list(found_live.order_by(*scope.ordering).values_list("pk", flat=True)[:_MOST_LIVE])
    found = find(selection, after, limit, exclude=exclude)
    rows = _rows([*live, *(place.id for place in found.places)], selection.terms)
    return SessionPage(_sections(rows, scope), found.next, len(live) + found.seen, found.is_whole)


def live_sessions(sessions: QuerySet[Session]) -> QuerySet[Session]:
    return sessions.filter(pk__in=_live_ids())


def _live_ids() -> QuerySet[Run, Any]:
    """Live runs are few, and have an index of their own."""
    return Run.objects.filter(status__in=LIVE).order_by().values_list("turn__session_id", flat=True)


def row_of(session: Session) -> Row:
    return _rows([session.pk])[0]


def _rows(ids: Sequence[UUID], terms: Sequence[str] = ()) -> list[Row]:
    """Those that there are, in this order, and what a row says of them: six queries at most."""
    sessions = Session.objects.select_related("owner").in_bulk(ids)
    told = facts_of(ids)
    found = snippets(ids, terms)
    today = timezone.localdate()
    address = reverse("prompts:session", args=[_ANY])  # once: it takes longer than all else of a row
    rows = []
    for session in (sessions[key] for key in ids if key in sessions):
        facts = told[session.pk]
        title = session.title or default_title(facts.opening) or session.shown_title
        at = timezone.localtime(session.updated_at)
        row = Row(
            session,
            title,
            mark_terms(title, terms),
            address.replace(str(_ANY), str(session.pk)),
            at,
            at.date() >= today,
        )
        _describe(row, facts.runs, found.get(session.pk, ""))
        row.tags, row.is_linked = facts.tags, facts.is_linked
        rows.append(row)
    return rows


def _describe(row: Row, lanes: Sequence[LastRun], snippet: SafeString | str) -> None:
    statuses = {lane.status for lane in lanes}
    row.models = list(dict.fromkeys(lane.model for lane in lanes))
    row.status = next((status.value for status in _WORST_FIRST if status in statuses), "")
    row.snippet = snippet if snippet != row.title_html else ""
    row.badges = worst([lane.findings for lane in lanes])


def _sections(rows: Iterable[Row], scope: Scope) -> list[Section]:
    headings = {
        Group.PINNED: _("Pinned"),
        Group.LIVE: _("Live now"),
        Group.TODAY: _("Today"),
        Group.YESTERDAY: _("Yesterday"),
        Group.EARLIER: _("Earlier"),
    }
    order = list(Group)
    ordered = sorted(((order.index(row.group(scope)), row) for row in rows), key=itemgetter(0))
    grouped = ((order[place], (row for _place, row in members)) for place, members in groupby(ordered, itemgetter(0)))
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
