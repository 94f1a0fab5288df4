"""The filters as conditions on a session, and what finds the few sessions that can meet them where they are few."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from playground.accounts.models import User
from playground.history.filters import HistoryForm
from playground.history.listing import Selection
from playground.history.scopes import sessions_in
from playground.history.search import MOST_FOUND, occurs, sessions_with
from playground.recording.status import RunStatus
from playground.review.models import Rating, Review, SessionTag, Thread
from playground.runs.models import Run
from playground.runs.store import LIVE
from playground.workspaces.models import Workspace

ERRORS: Final = (RunStatus.FAILED.value, RunStatus.TRUNCATED.value, RunStatus.INTERRUPTED.value)

Values = dict[str, Any]


class Condition(NamedTuple):
    """`test` holds or not for a session. It cannot for one that none of `witnesses` belongs to; `path` leads from
    them to their session."""

    test: Q
    witnesses: QuerySet[Any] | None = None
    path: str = ""


def selection_of(user: User, workspace: Workspace, form: HistoryForm) -> Selection:
    """What the form asks for. Dates are those of the last activity."""
    values, scope = form.values, form.scope_chosen
    sessions = sessions_in(user, workspace, scope)
    if author := values.get("author"):
        sessions = sessions.filter(owner=User.objects.filter(username=author).values_list("pk", flat=True).first())
    if since := values.get("since"):
        sessions = sessions.filter(updated_at__gte=_midnight(since))
    if until := values.get("until"):
        sessions = sessions.filter(updated_at__lt=_midnight(until) + timedelta(days=1))
    conditions = list(_conditions(values))
    tests = [condition.test for condition in conditions if condition.test]
    known = [ids for c in conditions if c.witnesses is not None and (ids := _few(c.witnesses, c.path)) is not None]
    for term in form.terms:
        ids = sessions_with(term)
        if ids is None:
            tests.append(occurs(term))
        else:
            known.append(ids)
    candidates = frozenset(set.intersection(*known)) if known else None
    return Selection(sessions, scope, tests, candidates, form.terms)


def _few(witnesses: QuerySet[Any], path: str) -> set[UUID] | None:
    """The sessions that the witnesses belong to. None for more than MOST_FOUND: an index tells, and none is read."""
    rows = witnesses.order_by()
    if rows[MOST_FOUND : MOST_FOUND + 1].exists():
        return None
    return set(rows.values_list(f"{path}_id", flat=True)[: MOST_FOUND + 1])


def _conditions(values: Values) -> Iterator[Condition]:
    wanted = list(_of_runs(values))
    if wanted:  # one run has to meet them all
        runs = Run.objects.filter(*wanted, turn__session=OuterRef("pk"))
        yield Condition(Q(Exists(runs)))
        alone = [(condition,) for condition in wanted]
        for rare in dict.fromkeys([*alone, tuple(wanted)]):  # few may meet one of them, or all at once
            yield Condition(Q(), Run.objects.filter(*rare), "turn__session")
    if tag := values.get("tag"):
        yield _exists(SessionTag.objects.filter(tag__name=tag), "session")
    if rating := values.get("rating"):
        yield _rated(rating)
    if review := values.get("review"):
        yield _exists(Review.objects.filter(reviewed_at__isnull=review == "waiting"), "session")
    if values.get("has_comments"):
        yield _exists(Thread.objects.filter(comments__deleted_at=None), "session")


def _of_runs(values: Values) -> Iterator[Q]:
    if model := values.get("model"):
        yield Q(model_id=model)
    if status := values.get("status"):
        yield Q(status__in=LIVE if status == "live" else (status,))
    if values.get("has_errors"):
        yield Q(status__in=ERRORS)
    if values.get("has_notices"):
        yield Q(has_notices=True)
    for name, condition in (
        ("ttft_min", "ttft_ms__gte"),
        ("ttft_max", "ttft_ms__lte"),
        ("rate_min", "tokens_per_s__gte"),
        ("rate_max", "tokens_per_s__lte"),
    ):
        if (value := values.get(name)) is not None:
            yield Q(**{condition: value})


def _rated(rating: str) -> Condition:
    ratings = Rating.objects.all()
    if rating == "none":
        return Condition(~Q(Exists(ratings.filter(run__turn__session=OuterRef("pk")))))
    if rating in ("up", "down"):
        return _exists(ratings.filter(scale=None, value=1 if rating == "up" else -1), "run__turn__session")
    scale, least = rating.split("-")
    ratings = ratings.filter(value__gte=int(least))
    ratings = ratings.exclude(scale=None) if scale == "any" else ratings.filter(scale=int(scale))
    return _exists(ratings, "run__turn__session")


def _exists(rows: QuerySet[Any], session: str) -> Condition:
    """That one of `rows` belongs to the session; `session` is the path to it."""
    return Condition(Q(Exists(rows.filter(**{session: OuterRef("pk")}))), rows, session)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
