"""Thumbs, and a workspace's own scales from 1 to 5: one opinion a person, run and scale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from playground.accounts.models import User
from playground.errors import InvalidField
from playground.review.models import Rating, RatingScale
from playground.review.news import session_changed
from playground.runs.models import Run, Session
from playground.workspaces.models import Workspace

THUMBS: Final = (1, -1)
STARS: Final = range(1, 6)


@dataclass(slots=True)
class Opinions:
    """What people say of one run on one scale; without a scale, by thumbs."""

    scale: RatingScale | None
    mine: int | None = None
    values: list[int] = field(default_factory=list)
    people: list[str] = field(default_factory=list)

    @property
    def choices(self) -> list[tuple[int, str, str]]:
        """Value, words and icon of each."""
        if self.scale is not None:
            return [(value, str(value), "") for value in STARS]
        return [(1, _("Good answer"), "icon--thumb-up"), (-1, _("Bad answer"), "icon--thumb-down")]

    @property
    def count(self) -> int:
        return len(self.values)

    @property
    def average(self) -> float:
        return sum(self.values) / len(self.values)

    @property
    def up(self) -> int:
        return sum(value > 0 for value in self.values)

    @property
    def down(self) -> int:
        return sum(value < 0 for value in self.values)

    def add(self, rating: Rating, user: User) -> None:
        self.values.append(rating.value)
        name = rating.user.get_username()
        shown = {value: words for value, words, _icon in self.choices}[rating.value]
        self.people.append(f"{name}: {shown}")
        if rating.user_id == user.pk:
            self.mine = rating.value


def scales_of(workspace: Workspace) -> Sequence[RatingScale]:
    """Those that are in use."""
    return list(RatingScale.objects.filter(workspace=workspace, archived_at=None))


def opinions_of(run: Run, user: User, scales: Sequence[RatingScale]) -> list[Opinions]:
    """Thumbs first, then the scales in use. One query."""
    found: dict[int | None, Opinions] = {None: Opinions(None), **{scale.pk: Opinions(scale) for scale in scales}}
    for rating in Rating.objects.filter(run=run).select_related("user").order_by("updated_at"):
        if rating.scale_id in found:
            found[rating.scale_id].add(rating, user)
    return list(found.values())


def thumbs_in(session: Session, user: User) -> Mapping[UUID, Opinions]:
    """The thumbs of a session's runs, by run. One query."""
    found: dict[UUID, Opinions] = {}
    for rating in Rating.objects.filter(run__turn__session=session, scale=None).select_related("user"):
        found.setdefault(rating.run_id, Opinions(None)).add(rating, user)
    return found


@transaction.atomic
def rate(run: Run, user: User, scale: RatingScale | None, value: int) -> None:
    """Say or change one's opinion; 0 takes it back.

    Raises:
        InvalidField: the value is not on the scale.
    """
    if value == 0:
        Rating.objects.filter(run=run, user=user, scale=scale).delete()
    elif value in (THUMBS if scale is None else STARS):
        Rating.objects.update_or_create(run=run, user=user, scale=scale, defaults={"value": value})
    else:
        raise InvalidField("value", _("Choose one of the values of the scale."))
    session_changed(run.turn.session)
