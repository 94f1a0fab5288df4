"""The audience: no account, nothing but a link."""

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from playground.presenting.access import show_by_code
from playground.presenting.http import unlisted
from playground.presenting.screens import shown
from playground.presenting.texts import stage_texts

GONE = 410


@require_safe
def watch(request: HttpRequest, code: str) -> HttpResponse:
    """Follows the stage in step."""
    try:
        show = show_by_code(code)
    except Http404:
        return unlisted(render(request, "presenting/no_show.html", {"is_over": False}, status=404))
    if not show.is_on:
        return unlisted(render(request, "presenting/no_show.html", {"is_over": True}, status=GONE))
    context = {"show": show, "code": code, "stage": shown(show), "texts": stage_texts()}
    return unlisted(render(request, "presenting/audience.html", context))


@require_safe
def watched_state(request: HttpRequest, code: str) -> HttpResponse:
    """The stage as JSON: for who comes back to it, and for a prompt too long to be told."""
    show = show_by_code(code)
    return unlisted(JsonResponse(shown(show), status=200 if show.is_on else GONE))
