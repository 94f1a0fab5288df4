"""The entries of an audit log, filtered and page by page."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import QueryDict

from playground.workspaces.models import AuditEntry, Workspace

PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """`action`: one ("member.remove"), or all of a noun ("member"). `by`: a username. "" for any."""

    action: str = ""
    by: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> "AuditFilter":
        return cls(*(query.get(name, "").replace("\0", "")[:150] for name in ("action", "by")))

    def entries(self, workspace: Workspace) -> QuerySet[AuditEntry]:
        """Newest first."""
        entries = AuditEntry.objects.filter(workspace=workspace).order_by("-created_at", "-pk")
        if self.action:
            exact = "." in self.action
            entries = entries.filter(action=self.action) if exact else entries.filter(action__startswith=self._noun())
        return entries.filter(actor_name=self.by) if self.by else entries

    def query(self, **more: str) -> str:
        """As a part of an address, with what is set only."""
        values = {"action": self.action, "by": self.by, **more}
        return urlencode({name: value for name, value in values.items() if value})

    def _noun(self) -> str:
        return f"{self.action}."


def page_of(entries: QuerySet[AuditEntry], after: str) -> tuple[list[AuditEntry], str]:
    """The entries that follow the one whose id is `after` ("" for the first page), and the `after` of the next page."""
    if after.isascii() and after.isdigit() and len(after) < 19:
        entries = entries.filter(pk__lt=int(after))
    found = list(entries[: PAGE + 1])
    return found[:PAGE], str(found[PAGE - 1].pk) if len(found) > PAGE else ""
