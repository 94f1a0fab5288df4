"""The versions of a prompt: what differs between two of them, and bringing one back."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from playground.http import SignedInRequest, wants_part
from playground.library import services
from playground.library.access import prompt_or_404, prompt_to_use, version_or_404
from playground.library.changes import changes
from playground.library.queries import versions_of


@require_GET
@login_required
@vary_on_headers("HX-Request")
def diff(request: SignedInRequest, prompt_id: UUID) -> HttpResponse:
    """What changed from version `from` to version `to`; `view=side` puts them side by side."""
    prompt = prompt_or_404(request.user, prompt_id)
    versions = versions_of(prompt)
    newest = versions[0].number
    to = _number(request.GET.get("to"), newest)
    old, new = (version_or_404(prompt, n) for n in (_number(request.GET.get("from"), max(1, to - 1)), to))
    context: dict[str, Any] = {
        "prompt": prompt,
        "versions": versions,
        "old": old,
        "new": new,
        "side": request.GET.get("view") == "side",
        "changes": changes(old, new),
    }
    return render(request, "library/diff.html#changes" if wants_part(request) else "library/diff.html", context)


@require_POST
@login_required
def restore_version(request: SignedInRequest, prompt_id: UUID, number: int) -> HttpResponse:
    """Make an old version the newest, as a new version."""
    prompt = prompt_to_use(request.user, prompt_id)
    newest = services.restore_version(request.user, prompt, version_or_404(prompt, number))
    message = _("Version %(number)d says what version %(old)d said.")
    messages.success(request, message % {"number": newest.number, "old": number})
    return redirect(prompt)


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else otherwise
