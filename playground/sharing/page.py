"""What the page of a link shows: the turns of a session, or two runs, as somebody without an account sees them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db.models import Prefetch
from django.utils.translation import gettext as _

from playground.review.models import Anchor, Comment, Thread
from playground.runs.models import Run, Session, Turn
from playground.sharing.contents import Contents
from playground.sharing.public import Redactions, hidden_texts, hide_quotes, public_run, public_title, public_turn
from playground.sharing.public import redactions_of as find_redactions


@dataclass(frozen=True, slots=True)
class SharedThread:
    """`where` says what it is pinned to; `quote` is "" where that is hidden."""

    where: str
    quote: str
    comments: Sequence[tuple[str, Any, str]]  # author, time, text
    is_resolved: bool


@dataclass(frozen=True, slots=True)
class SharedTurn:
    """`lanes` are the newest runs."""

    turn: Turn
    lanes: Sequence[Run]
    threads: Sequence[SharedThread] = ()

    @property
    def number(self) -> int:
        return self.turn.position + 1

    @property
    def is_live(self) -> bool:
        return any(not run.is_final for run in self.lanes)


@dataclass(frozen=True, slots=True)
class SharedSession:
    """The turns that follow position `after`; `threads` are those about all of it. `retried` are live runs of the
    turns before them that took the place of another run.
    """

    title: str
    turns: Sequence[SharedTurn]
    threads: Sequence[SharedThread] = ()
    after: int = -1
    retried: Sequence[Run] = ()

    @property
    def last_position(self) -> int:
        return self.turns[-1].turn.position if self.turns else self.after


def shared_session(session: Session, contents: Contents, *, after: int = -1) -> SharedSession:
    """The turns that follow position `after`. Three queries, and two for annotations, however many turns there are."""
    runs = Prefetch("runs", Run.objects.defer("messages").order_by("lane", "created_at"))
    turns = list(session.turns.prefetch_related(runs).order_by("position"))
    everything = [run for turn in turns for run in turn.runs.all()]
    redactions = find_redactions(turn.pk for turn in turns)
    hidden = hidden_texts(turns, everything, redactions)
    threads = _threads(session, redactions, hidden) if contents.annotations else {}
    return SharedSession(
        title=public_title(session.title, turns[0] if turns else None, redactions, hidden),
        turns=[
            SharedTurn(
                public_turn(turn, contents, redactions),
                [public_run(run, contents, redactions) for run in newest(turn.runs.all())],
                threads.get(turn.pk, ()),
            )
            for turn in turns
            if turn.position > after
        ],
        threads=threads.get(None, ()),
        after=after,
        retried=[
            public_run(run, contents, redactions)
            for turn in turns
            if turn.position <= after
            for run in newest(turn.runs.all())
            if run.retries_id and not run.is_final
        ],
    )


def newest(runs: Iterable[Run]) -> list[Run]:
    """The newest run of each lane."""
    ordered = sorted(runs, key=lambda run: (run.lane, run.created_at))
    return [list(lane)[-1] for _number, lane in groupby(ordered, key=lambda run: run.lane)]


def _threads(session: Session, redactions: Redactions, hidden: Sequence[str]) -> dict[UUID | None, list[SharedThread]]:
    """By the turn that they are about."""
    comments = Prefetch("comments", Comment.objects.filter(deleted_at=None).select_related("author"))
    found = Thread.objects.filter(session=session).select_related("run").prefetch_related(comments)
    by_turn: dict[UUID | None, list[SharedThread]] = defaultdict(list)
    for thread in found:
        shown = [
            (comment.author.get_username(), comment.created_at, hide_quotes(comment.body, hidden))
            for comment in thread.comments.all()
        ]
        if shown:
            turn_id = thread.turn_id or (thread.run.turn_id if thread.run else None)
            quote = "" if _touches(thread, redactions) else hide_quotes(thread.quote, hidden)
            by_turn[turn_id].append(SharedThread(_where(thread), quote, shown, thread.resolved_at is not None))
    return by_turn


def _touches(thread: Thread, redactions: Redactions) -> bool:
    """Whether something is hidden of what the thread quotes."""
    if thread.run_id is None or thread.start is None or thread.end is None:
        return False
    return any(a < thread.end and thread.start < b for a, b in redactions.of_run(thread.run_id).answer)


def _where(thread: Thread) -> str:
    model = thread.run.model_id if thread.run else ""
    words = {
        Anchor.SESSION: _("On the session"),
        Anchor.TURN: _("On the turn"),
        Anchor.RUN: _("On the answer of %(model)s"),
        Anchor.TEXT: _("On a passage of %(model)s"),
        Anchor.CHUNK: _("On a chunk of %(model)s"),
        Anchor.MOMENT: _("On a moment of %(model)s"),
    }
    return words[Anchor(thread.anchor)] % {"model": model}
