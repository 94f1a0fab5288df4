"""How a PlaygroundError reaches a person: mapped to a page here, once, whichever view raised it.

And what they see of a database that is away: every page asks it who they are.
"""

import logging
import sys
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast
from urllib.parse import urlsplit

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render, resolve_url
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views import defaults
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event
from django_htmx.middleware import HtmxDetails

from playground.errors import Busy, Damaged, NotSignedIn, PlaygroundError, RateLimited
from playground.outage import count_refused, refuse_run
from playground.recording.segments import CorruptSegment
from playground.runs.database import first_line, is_away

logger = logging.getLogger(__name__)

RETRY_AFTER_S: Final = 5
NOTICE_EVENT: Final = "playground:notice"

_GetResponse = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]


class PlaygroundErrorMiddleware:
    """A whole page gets the error's page with its status; who is not signed in is sent to sign in.

    An HTMX request gets `errors/_notice.html`, and the event `playground:notice` (HX-Trigger) with
    `{level, code, message, field}`, since htmx swaps no error answer into the page. Its redirects to the sign-in page
    become redirects of the whole page.
    """

    sync_capable, async_capable = True, False

    def __init__(self, get_response: _GetResponse) -> None:
        self._get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self._is_async:
            return self._answer(request)
        return _leave_for_sign_in(request, cast("HttpResponseBase", self._get_response(request)))

    async def _answer(self, request: HttpRequest) -> HttpResponseBase:
        return _leave_for_sign_in(request, await cast("Awaitable[HttpResponseBase]", self._get_response(request)))

    def process_view(self, request: HttpRequest, view: object, args: Any, kwargs: Any) -> HttpResponse | None:
        try:
            refuse_run(request)
        except Busy as refused:
            return _database_is_away(request, refused)
        return None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, CorruptSegment):
            logger.error("A recording cannot be read for %s: %s", request.path, exception)
            exception = Damaged(_("What was recorded of this run is damaged, and cannot be shown."))
        if not isinstance(exception, PlaygroundError):
            return None
        if isinstance(exception, NotSignedIn):
            return redirect_to_login(request.get_full_path())
        response = _notice(request, exception) if _is_partial(request) else _page(request, exception)
        if isinstance(exception, Busy | RateLimited):
            response["Retry-After"] = str(exception.retry_after)
            _log_no_error(response)
        patch_vary_headers(response, ["HX-Request"])
        return response


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's `handler500`: for an error that nothing mapped, and for a database that does not answer.

    The latter may come from any middleware, the outer ones too, so here is the only place that sees them all.
    """
    error = sys.exc_info()[1]
    if error is None or not is_away(error):
        return defaults.server_error(request)
    logger.error("The database did not answer for %s: %s", request.path, first_line(error))
    count_refused(request)
    refused = Busy(_("The database does not answer. Try again in a few seconds."), retry_after=RETRY_AFTER_S)
    return _database_is_away(request, refused)


def _database_is_away(request: HttpRequest, refused: Busy) -> HttpResponse:
    """Without the page around it, which would ask the database who is signed in."""
    if _is_partial(request):
        response = _notice(request, refused)
    else:
        response = HttpResponse(render_to_string("503.html"), status=refused.status)
    response["Retry-After"] = str(refused.retry_after)
    patch_vary_headers(response, ["HX-Request"])
    _log_no_error(response)
    return response


def _log_no_error(response: HttpResponse) -> None:
    """Django would log each 5xx as a fault of ours, also one that is meant."""
    response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001


def _leave_for_sign_in(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    if _is_partial(request) and isinstance(response, HttpResponseRedirect) and _leads_to_sign_in(response.url):
        return HttpResponseClientRedirect(_back_to_the_page(request))
    return response


def _page(request: HttpRequest, error: PlaygroundError) -> HttpResponse:
    return render(request, error.page, {"error": error}, status=error.status)


def _notice(request: HttpRequest, error: PlaygroundError) -> HttpResponse:
    response = render(request, "errors/_notice.html", {"error": error}, status=error.status)
    details = {"level": "error", "code": error.code, "message": error.message, "field": error.field}
    return trigger_client_event(response, NOTICE_EVENT, details)


def _is_partial(request: HttpRequest) -> bool:
    htmx = getattr(request, "htmx", None)
    return isinstance(htmx, HtmxDetails) and bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def _leads_to_sign_in(url: str) -> bool:
    return urlsplit(url).path == resolve_url(settings.LOGIN_URL)


def _back_to_the_page(request: HttpRequest) -> str:
    """The sign-in page, that then leads back to the page which asked, not to the partial that it asked for."""
    url = request.headers.get("HX-Current-URL", "")
    return redirect_to_login(urlsplit(url)._replace(scheme="", netloc="").geturl() or "/").url
