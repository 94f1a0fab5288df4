"""What the holder of a share link may read on the socket."""

from dataclasses import dataclass

from django.db.models import QuerySet

from playground.runs.grants import Grant, Lens
from playground.runs.models import Run
from playground.sharing.links import contents_of, find_by_socket_token, live_links, redaction_version, runs_of
from playground.sharing.models import ShareLink
from playground.sharing.public import make_lens


@dataclass(frozen=True, slots=True)
class ShareGrant:
    """`version` names what was hidden when the link was resolved: who comes later, on any process, gets a new lens."""

    link: ShareLink
    version: str = ""

    @property
    def key(self) -> str:
        return f"share:{self.link.pk}:{self.version}"

    def holds(self) -> bool:
        return live_links().filter(pk=self.link.pk).exists()

    def runs(self) -> QuerySet[Run]:
        return runs_of(self.link)

    def lens(self, run: Run) -> Lens:
        return make_lens(run, contents_of(self.link))

    def rooms(self) -> frozenset[str]:
        return frozenset({f"session:{self.link.session_id}"} if self.link.session_id else ())


def resolve(token: str) -> Grant | None:
    link = find_by_socket_token(token)
    return ShareGrant(link, redaction_version(link)) if link is not None else None
