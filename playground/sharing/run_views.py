"""The views of an answer that a link shows: the history's own, on a recording of which nothing more can be read."""

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from playground.history import panels
from playground.http import SignedInRequest
from playground.runs.models import Run
from playground.runs.reader import RecordedLog

TABS: Final[Mapping[str, Promise]] = {
    "answer": _("Answer"),
    "tokens": _("Tokens"),
    "timeline": _("Timeline"),
}

_PANELS: Final = {"answer": panels.answer, "tokens": panels.tokens, "timeline": panels.timeline}


def view_context(request: HttpRequest, view: str, run: Run, log: RecordedLog) -> dict[str, Any]:
    """What the template `history/_<view>.html` needs. The panels read nothing of a request but its query."""
    panel: Callable[[SignedInRequest, Run, RecordedLog], dict[str, Any]] = _PANELS[view]
    context = panel(cast("SignedInRequest", request), run, log)
    # Its lane shows the speed already; what leads to a moment leads to pages that need an account.
    return {**context, "header": True, "at_moment": None}
