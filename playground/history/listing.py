"""A page of a list in bounded time, however many sessions there are and however few of them match.

Conditions that are a session's own columns are left to the database's indexes. The others look at its turns, runs,
tags or ratings. Where an index says that few sessions of the whole database can match, those few are tested. Else the
list is walked in its order, a bounded number of sessions a request, and tested piece by piece: what matches often is
found soon, and what matches rarely is found over several requests, which go on from where the last one stopped.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet

from playground.history.scopes import Scope
from playground.history.search import MOST_FOUND
from playground.runs.models import Session

# How many sessions are tested at a time: for many more, PostgreSQL would rather read all runs. One request walks past
# their sum.
PIECES: Final = (250,) * 6


class Cursor(NamedTuple):
    """A place in the order of a list; `at` is the time that the list is ordered by."""

    pinned: bool
    at: datetime
    id: UUID

    def __str__(self) -> str:
        return f"{int(self.pinned)}_{self.at.isoformat()}_{self.id.hex}"

    @classmethod
    def parse(cls, text: str) -> "Cursor | None":
        """None for what is not a cursor: the list then starts at its top."""
        try:
            pinned, moment, key = text.split("_")
            at = datetime.fromisoformat(moment)
            if at.tzinfo is None:
                return None
            return cls(bool(int(pinned)), at, UUID(hex=key))
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Selection:
    """What a list is asked for. `sessions`: those of the scope, by conditions on their own columns.

    `tests` hold or not for a session by what belongs to it. `candidates`, if it is not None: the only ones for which
    they can.
    """

    sessions: QuerySet[Session]
    scope: Scope = Scope.MINE
    tests: Sequence[Q] = ()
    candidates: frozenset[UUID] | None = None
    terms: Sequence[str] = field(default=())

    def tested(self) -> QuerySet[Session]:
        """All that match, in no order, in a time that grows with the list."""
        sessions = self.sessions
        if self.candidates is not None:
            sessions = sessions.filter(pk__in=self.candidates)
        return sessions.filter(*self.tests)


class Found(NamedTuple):
    """`next` is where to go on; there may be no more to find there.

    `seen`: how many match as far as was looked; all, if `is_whole`.
    """

    places: Sequence[Cursor]
    next: Cursor | None
    seen: int
    is_whole: bool


def find(selection: Selection, after: Cursor | None, limit: int, *, exclude: Q | None = None) -> Found:
    """The first `limit` sessions after a place. On the first page, up to MOST_FOUND are counted too."""
    most = limit if after is not None else max(limit, MOST_FOUND)
    places: list[Cursor] = []
    stopped: Cursor | None = None
    for piece, stopped in _pieces(selection, after, most + 1, exclude):  # noqa: B007  (the last one is read below)
        places += piece
        if len(places) > limit:
            break
    is_whole = stopped is None and len(places) <= most
    following = places[limit - 1] if len(places) > limit else stopped
    return Found(places[:limit], following, min(len(places), most), is_whole)


def every(selection: Selection, limit: int) -> list[UUID]:
    """The ids of the first `limit` that match, in the list's order, however long that takes."""
    return [place.id for place in _places(selection.tested(), selection.scope, limit)]


def _pieces(
    selection: Selection, after: Cursor | None, most: int, exclude: Q | None
) -> Iterator[tuple[list[Cursor], Cursor | None]]:
    """Matching places piece by piece, each with the place where the list goes on: None at its end."""
    sessions = selection.sessions if exclude is None else selection.sessions.exclude(exclude)
    scope = selection.scope
    if selection.candidates is not None or not selection.tests:
        if selection.candidates is not None:
            sessions = sessions.filter(pk__in=selection.candidates).filter(*selection.tests)
        yield _places(_following(sessions, scope, after), scope, most), None
        return
    for size in PIECES:
        walked = _places(_following(sessions, scope, after), scope, size)
        matching = set(
            Session.objects.filter(pk__in=[place.id for place in walked])
            .filter(*selection.tests)
            .values_list("pk", flat=True)
        )
        after = walked[-1] if len(walked) == size else None
        yield [place for place in walked if place.id in matching], after
        if after is None:
            return


def _places(sessions: QuerySet[Session], scope: Scope, limit: int) -> list[Cursor]:
    rows: Iterable[tuple[bool, datetime, UUID]] = sessions.order_by(*scope.ordering).values_list(
        "pinned", scope.moment, "pk"
    )[:limit]
    return [Cursor(pinned and scope.has_pins, at, key) for pinned, at, key in rows]


def _following(sessions: QuerySet[Session], scope: Scope, after: Cursor | None) -> QuerySet[Session]:
    if after is None:
        return sessions
    earlier = {f"{scope.moment}__lt": after.at}
    same = {scope.moment: after.at, "pk__lt": after.id}
    if not scope.has_pins:
        return sessions.filter(Q(**earlier) | Q(**same), **{f"{scope.moment}__lte": after.at})
    if not after.pinned:
        return sessions.filter(Q(**earlier) | Q(**same), pinned=False, **{f"{scope.moment}__lte": after.at})
    return sessions.filter(Q(pinned=False) | Q(pinned=True, **earlier) | Q(pinned=True, **same))
