"""What the audience may read on the socket: what has been on the stage, while the show goes on."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from playground.accounts.link_tokens import digest_of
from playground.presenting.models import Show
from playground.presenting.screens import AUDIENCE_SEES
from playground.runs.grants import Grant, Lens
from playground.runs.models import Run
from playground.sharing.public import make_lens


@dataclass(frozen=True, slots=True)
class AudienceGrant:
    """The same for the whole audience, so their sockets are asked about once."""

    show_id: UUID

    @property
    def key(self) -> str:
        return f"show:{self.show_id}"

    def holds(self) -> bool:
        return Show.objects.on().filter(pk=self.show_id).exists()

    def runs(self) -> QuerySet[Run]:
        return Run.objects.filter(shows__in=Show.objects.on().filter(pk=self.show_id)).select_related("turn__session")

    def lens(self, run: Run) -> Lens:
        return make_lens(run, AUDIENCE_SEES)

    def rooms(self) -> frozenset[str]:
        return frozenset({f"show:{self.show_id}"})


def resolve(code: str) -> Grant | None:
    show_id = Show.objects.on().filter(digest=digest_of(code)).values_list("pk", flat=True).first()
    return AudienceGrant(show_id) if show_id is not None else None
