"""Requests as signed-in views see them, whether they want a page or a part of one, and addresses for elsewhere."""

from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.middleware import HtmxDetails

from playground.accounts.models import User


class SignedInRequest(HttpRequest):
    """What `login_required` and the HTMX middleware make of a request."""

    user: User
    htmx: HtmxDetails


def wants_part(request: SignedInRequest) -> bool:
    """A restore from the browser's history wants the whole page, and so does a followed link."""
    return bool(request.htmx) and not request.htmx.boosted and not request.htmx.history_restore_request


def safe_next(request: HttpRequest, default: str) -> str:
    """Where the form that was posted says to go on, if that is a page of ours."""
    target = request.POST.get("next", "")
    allowed = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if allowed else default


def position_in(request: HttpRequest, name: str) -> int | None:
    """A position in the URL; what is none counts as not asked for."""
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def uuid_of(text: str) -> UUID | None:
    """The id that a request names; what is none counts as not given."""
    try:
        return UUID(text)
    except ValueError:
        return None


def uuid_or_404(text: str) -> UUID:
    """The same, for an id without which there is no page."""
    found = uuid_of(text)
    if found is None:
        raise Http404
    return found


def absolute(request: HttpRequest, path: str) -> str:
    """The whole address of `path`: under PUBLIC_URL if that is set, else where the request was sent to."""
    return settings.PUBLIC_URL + path if settings.PUBLIC_URL else request.build_absolute_uri(path)
