"""A page of a list in bounded time, however many sessions there are and however few of them match.

Conditions that are a session's own columns are left to the database's indexes. The others look at its turns, runs,
tags or ratings. Where an index says that few sessions of the whole database can match, those few are tested. Else the
list is walked in its order, a bounded number of sessions a request, and tested piece by piece: what matches often is
found soon, and what matches rarely is found over several requests, which go on from where the last one stopped.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db.models import BooleanField, Exists, ExpressionWrapper, Q, QuerySet

from playground.history.scopes import Scope
from playground.history.search import MOST_FOUND
from playground.runs.models import Session

# How many sessions are read at a time: few at first, for what matches often. One request walks past their sum.
STRETCHES: Final = (100, 300, 600)
_ASKED: Final = "EXISTS(%(subquery)s OFFSET 0)"


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
    sessions = selection.sessions if exclude is None else selection.sessions.exclude(exclude)
    most = limit if after is not None else max(limit, MOST_FOUND)
    if selection.candidates is not None:
        sessions = sessions.filter(pk__in=selection.candidates).filter(*selection.tests)
    elif selection.tests:
        return _walked(sessions, selection, after, limit, most)
    following = _following(sessions, selection.scope, after)
    places = _places(following, selection.scope, limit + 1)
    found = len(places)
    if limit < found <= most:  # how many more there are, the database counts without handing them over
        found = following.order_by(*selection.scope.ordering)[: most + 1].count()
    following_place = places[limit - 1] if len(places) > limit else None
    return Found(places[:limit], following_place, min(found, most), found <= most)


def _walked(sessions: QuerySet[Session], selection: Selection, after: Cursor | None, limit: int, most: int) -> Found:
    places: list[Cursor] = []
    stopped: Cursor | None = None
    for piece, stopped in _pieces(sessions, selection, after):  # noqa: B007  (the last one is read below)
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
    sessions: QuerySet[Session], selection: Selection, after: Cursor | None
) -> Iterator[tuple[list[Cursor], Cursor | None]]:
    """Matching places piece by piece, each with the place where the list goes on: None at its end."""
    scope = selection.scope
    meets = ExpressionWrapper(Q(*map(_row_by_row, selection.tests)), output_field=BooleanField())
    for size in STRETCHES:
        walked = _matching_or_last(_following(sessions, scope, after).annotate(meets=meets), scope, size)
        last = walked[-1] if walked and walked[-1].place == size else None
        after = _place_of(last, scope) if last else None
        yield [_place_of(session, scope) for session in walked if session.meets], after
        if after is None:
            return


def _matching_or_last(sessions: QuerySet[Session], scope: Scope, size: int) -> list[Any]:
    """Of the next `size`, what `meets`, and the last one: nothing else leaves the database. Each has its `place`."""
    walked = sessions.order_by(*scope.ordering).values_list("pinned", scope.moment, "id", "meets")[:size]
    sql, values = walked.query.sql_with_params()
    order = ", ".join(f"{'id' if name == '-pk' else name[1:]} DESC" for name in scope.ordering)
    numbered = f"SELECT w.*, ROW_NUMBER() OVER (ORDER BY {order}) AS place FROM ({sql}) w"  # noqa: S608
    wanted = f"SELECT * FROM ({numbered}) n WHERE meets OR place = {size} ORDER BY place"  # noqa: S608  (Django's SQL)
    return list(Session.objects.raw(wanted, values))


def _row_by_row(test: Q) -> Q:
    """The same, so that PostgreSQL asks for each session that is walked past. To have the answers of all sessions at
    hand it would read all runs: with an OFFSET it cannot."""
    asked: list[Any] = []
    for part in test.children:
        if isinstance(part, Exists):
            asked.append(Exists(part.query, template=_ASKED))
        else:
            asked.append(_row_by_row(part) if isinstance(part, Q) else part)
    return Q(*asked, _connector=test.connector, _negated=test.negated)


def _place_of(session: Session, scope: Scope) -> Cursor:
    return Cursor(session.pinned and scope.has_pins, getattr(session, scope.moment), session.pk)


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
