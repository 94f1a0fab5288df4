"""The review queue: sessions that somebody is asked to look at, and what changed in them since."""

from collections.abc import Mapping
from typing import Any, Final

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from playground.accounts.models import User
from playground.errors import Conflict, InvalidField
from playground.review.access import people_who_see
from playground.review.models import Comment, Review, Thread
from playground.review.news import session_changed
from playground.runs.access import is_visible
from playground.runs.models import Run, Session, Turn, Visibility
from playground.runs.visibility import set_visibility
from playground.workspaces.models import Workspace

FILTERS: Final[Mapping[str, Promise]] = {
    "all": gettext_lazy("To review"),
    "mine": gettext_lazy("Mine"),
    "unassigned": gettext_lazy("Unassigned"),
    "done": gettext_lazy("Done"),
}


def queue(user: User, workspace: Workspace) -> QuerySet[Review]:
    """All reviews in a workspace that the user may see. `is_changed`: runs came after it was reviewed."""
    later = Run.objects.filter(turn__session=OuterRef("session"), created_at__gt=OuterRef("reviewed_at"))
    seen = Review.objects.filter(is_visible(user, "session__"), session__workspace=workspace)
    return seen.annotate(is_changed=Exists(later))


def filtered(reviews: QuerySet[Review], name: str, user: User) -> QuerySet[Review]:
    return reviews.filter(_condition(name, user))


def counts(reviews: QuerySet[Review], user: User) -> dict[str, int]:
    """How many each filter finds. One query."""
    return reviews.aggregate(**{name: Count("pk", filter=_condition(name, user)) for name in FILTERS})


def with_changes(reviews: QuerySet[Review]) -> QuerySet[Review]:
    """With what came since: `new_turns`, `new_runs`, `new_comments`; and `open_threads`, whenever they came."""
    since = OuterRef("reviewed_at")
    return reviews.annotate(
        new_turns=_count(Turn.objects.filter(session=OuterRef("session"), created_at__gt=since), "session"),
        new_runs=_count(Run.objects.filter(turn__session=OuterRef("session"), created_at__gt=since), "turn__session"),
        new_comments=_count(
            Comment.objects.filter(thread__session=OuterRef("session"), created_at__gt=since, deleted_at=None),
            "thread__session",
        ),
        open_threads=_count(Thread.objects.filter(session=OuterRef("session"), resolved_at=None), "session"),
    ).select_related("session__owner", "assignee", "requested_by", "reviewed_by")


def in_order(reviews: QuerySet[Review]) -> QuerySet[Review]:
    """Who waits longest comes first; then what was reviewed last."""
    return reviews.order_by(F("reviewed_at").desc(nulls_first=True), "requested_at", "pk")


def next_review(user: User, workspace: Workspace, *, after: Session | None = None) -> Review | None:
    """The next session for the user: one's own first, then one that nobody has taken."""
    reviews = in_order(queue(user, workspace)).select_related("session")
    if after is not None:
        reviews = reviews.exclude(session=after)
    return filtered(reviews, "mine", user).first() or filtered(reviews, "unassigned", user).first()


@transaction.atomic
def ask_for_review(session: Session, actor: User, assignee: User | None, *, make_visible: bool) -> Review:
    """Put a session into the queue, or back into it.

    Raises:
        Conflict: it is private, and `make_visible` does not say that the workspace may see it from now on.
    """
    if session.visibility == Visibility.PRIVATE:
        if not make_visible:
            raise Conflict(_("This session is private. Let the workspace see it first, or nobody can review it."))
        set_visibility(session, actor, Visibility.WORKSPACE)
    review, _created = Review.objects.update_or_create(
        session=session,
        defaults={
            "assignee": _may_review(session, assignee),
            "requested_by": actor,
            "requested_at": now(),
            "reviewed_by": None,
            "reviewed_at": None,
        },
    )
    session_changed(session)
    return review


@transaction.atomic
def assign(review: Review, assignee: User | None) -> None:
    review.assignee = _may_review(review.session, assignee)
    review.save(update_fields=["assignee"])
    session_changed(review.session)


@transaction.atomic
def mark_reviewed(review: Review, reviewer: User) -> None:
    review.reviewed_by = reviewer
    review.reviewed_at = now()
    review.save(update_fields=["reviewed_by", "reviewed_at"])
    session_changed(review.session)


@transaction.atomic
def withdraw(review: Review) -> None:
    """Take the session out of the queue."""
    review.delete()
    session_changed(review.session)


def _may_review(session: Session, assignee: User | None) -> User | None:
    if assignee is not None and not people_who_see(session).filter(pk=assignee.pk).exists():
        raise InvalidField("assignee", _("This person is not in the workspace any more. Choose somebody else."))
    return assignee


def _condition(name: str, user: User) -> Q:
    is_open = Q(reviewed_at=None) | Q(is_changed=True)
    if name == "done":
        return Q(reviewed_at__isnull=False, is_changed=False)
    if name == "mine":
        return is_open & Q(assignee=user)
    return is_open & Q(assignee=None) if name == "unassigned" else is_open


def _count(rows: "QuerySet[Any]", by: str) -> Coalesce:
    counted = rows.order_by().values(by).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0)
