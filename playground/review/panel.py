"""The discussion of a session, as its panel shows it: threads by place, and what can be said about one run."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final
from uuid import UUID

from django.db.models import Count, Prefetch, Q, QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from playground.accounts.models import User
from playground.review.anchors import place_url, place_words
from playground.review.mentions import render_body
from playground.review.models import Comment, Thread
from playground.runs.models import Run, Session, Turn
from playground.workspaces.access import has_role
from playground.workspaces.models import Role

SHOW: Final = {"open": gettext_lazy("Open"), "resolved": gettext_lazy("Resolved"), "all": gettext_lazy("All")}
_TEXTS: Final = ("run__text", "run__reasoning", "run__messages", "turn__prompt", "turn__system")


@dataclass(frozen=True, slots=True)
class ShownComment:
    comment: Comment
    html: SafeString
    may_edit: bool
    may_delete: bool

    @property
    def number(self) -> str:
        return str(self.comment.pk)

    @property
    def key(self) -> str:
        """Its form, where something in it is wrong."""
        return f"comment-{self.comment.pk}"


@dataclass(frozen=True, slots=True)
class ShownThread:
    """`words`: where in its run it is pinned. `reply_number` changes when the user replies, and not otherwise."""

    thread: Thread
    comments: Sequence[ShownComment]
    words: str
    url: str
    reply_number: int

    @property
    def key(self) -> str:
        return str(self.thread.pk)


@dataclass(frozen=True, slots=True)
class Place:
    title: str
    url: str
    threads: Sequence[ShownThread]


@dataclass(frozen=True, slots=True)
class Focus:
    """The one turn or run that is talked about; neither: the whole session."""

    turn: Turn | None = None
    run: Run | None = None

    @property
    def key(self) -> str:
        """The id of the field for a comment on it."""
        about = self.run or self.turn
        return f"compose-{about.pk}" if about else "compose"

    def filter(self, threads: QuerySet[Thread]) -> QuerySet[Thread]:
        if self.run is not None:
            return threads.filter(run=self.run)
        return threads.filter(turn=self.turn) if self.turn is not None else threads


@dataclass(frozen=True, slots=True)
class Discussion:
    places: Sequence[Place]
    counts: dict[str, int]
    people: Sequence[str] = field(default_factory=list)
    compose_number: int = 0


def discussion(session: Session, user: User, focus: Focus, show: str, people: Sequence[str]) -> Discussion:
    """Five queries, however many threads there are. `people`: the names that comments may mention."""
    threads = focus.filter(Thread.objects.filter(session=session))
    counts = threads.aggregate(
        open=Count("pk", filter=Q(resolved_at=None)),
        resolved=Count("pk", filter=Q(resolved_at__isnull=False)),
        all=Count("pk"),
    )
    if show != "all":
        threads = threads.filter(resolved_at__isnull=show == "open")
    comments = Comment.objects.filter(deleted_at=None).select_related("author").order_by("created_at", "pk")
    rows = (
        threads.select_related("session", "turn", "run", "created_by", "resolved_by")
        .defer(*_TEXTS)
        .prefetch_related(Prefetch("comments", comments))
    )
    owner = has_role(user, session.workspace, Role.OWNER)
    shown = [_shown(thread, user, people, may_delete=owner) for thread in sorted(rows, key=_order)]
    mine = Comment.objects.filter(thread__session=session, author=user).order_by("-pk").values_list("pk", flat=True)
    return Discussion(list(_places(shown)), counts, people, mine.first() or 0)


def _order(thread: Thread) -> tuple[int, int, UUID, int, UUID]:
    """As the page goes: the session, then each turn, then its runs; in a run, the whole before its parts."""
    turn, run = thread.turn, thread.run
    at = thread.start if thread.start is not None else thread.seq if thread.seq is not None else thread.t
    return (
        turn.position if turn else -1,
        run.lane if run else -1,
        run.pk if run else UUID(int=0),
        -1 if at is None else at,
        thread.pk,
    )


def _shown(thread: Thread, user: User, people: Sequence[str], *, may_delete: bool) -> ShownThread:
    found = list(thread.comments.all())
    comments = [
        ShownComment(
            comment,
            render_body(comment.body, people),
            may_edit=comment.author_id == user.pk,
            may_delete=may_delete or comment.author_id == user.pk,
        )
        for comment in found
    ]
    mine = max((comment.pk for comment in found if comment.author_id == user.pk), default=0)
    return ShownThread(thread, comments, place_words(thread), place_url(thread), mine)


def _places(threads: Iterable[ShownThread]) -> Iterator[Place]:
    for (turn, run), members in groupby(threads, key=lambda each: (each.thread.turn, each.thread.run)):
        grouped = list(members)
        session_url = reverse("prompts:session", args=[grouped[0].thread.session_id])
        if turn is None:
            yield Place(_("Whole session"), session_url, grouped)
        elif run is None:
            yield Place(turn_words(turn), f"{session_url}#turn-{turn.pk}", grouped)
        else:
            yield Place(f"{turn_words(turn)} · {run.model_id}", reverse("history:run", args=[run.pk]), grouped)


def turn_words(turn: Turn) -> str:
    return _("Turn %(number)d") % {"number": turn.position + 1}


def focus_words(focus: Focus) -> str | Promise:
    if focus.run is not None:
        return f"{turn_words(focus.run.turn)} · {focus.run.model_id}"
    return turn_words(focus.turn) if focus.turn is not None else gettext_lazy("Whole session")
