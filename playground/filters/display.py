"""An answer on a page: as the workspace's rules show it, or as it came, whichever the reader chose."""

from dataclasses import dataclass, field
from typing import Final

from django.http import HttpRequest

from playground.filters.models import Part
from playground.filters.rulesets import Ruleset, enabled_rules
from playground.runs.models import Run

PARAMETER: Final = "text"
COOKIE: Final = "answers"
RAW: Final = "raw"
FILTERED: Final = "filtered"


@dataclass(frozen=True, slots=True)
class Display:
    """`mode` is RAW or FILTERED."""

    mode: str
    ruleset: Ruleset = field(repr=False)

    @property
    def count(self) -> int:
        return self.ruleset.count

    @property
    def is_filtered(self) -> bool:
        return self.mode == FILTERED

    def text(self, raw: str) -> str:
        return self.ruleset.apply(Part.TEXT, raw) if self.is_filtered else raw

    def reasoning(self, raw: str) -> str:
        return self.ruleset.apply(Part.REASONING, raw) if self.is_filtered else raw


def display_of(request: HttpRequest | None, run: Run) -> Display | None:
    """None where the workspace has no rule enabled. One query a page."""
    ruleset = _ruleset(request, run.turn.session.workspace_id)
    return Display(_mode(request), ruleset) if ruleset is not None else None


def _mode(request: HttpRequest | None) -> str:
    """The address says it, else the reader's last choice."""
    if request is None:
        return FILTERED
    chosen = request.GET.get(PARAMETER) or request.COOKIES.get(COOKIE)
    return RAW if chosen == RAW else FILTERED


def _ruleset(request: HttpRequest | None, workspace_id: int) -> Ruleset | None:
    known: dict[int, Ruleset | None] = {} if request is None else request.__dict__.setdefault("_rulesets", {})
    if workspace_id not in known:
        known[workspace_id] = enabled_rules(workspace_id)
    return known[workspace_id]
