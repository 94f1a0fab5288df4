"""How often a link was opened: once a visitor in half an hour, and not by what only looks at links."""

import re
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from playground.sharing.models import ShareLink

ONE_VISIT: Final = timedelta(minutes=30)
_COOKIE: Final = "share-seen"
# Link previews of chats and mail name themselves so; a person's browser does not.
_ROBOT: Final = re.compile(
    r"bot\b|crawl|spider|preview|facebookexternalhit|whatsapp|slack|embedly|scanner", re.IGNORECASE
)


def count_opening(request: HttpRequest, response: HttpResponse, link: ShareLink) -> None:
    """Count this answer to a visitor, if it begins a visit."""
    returns = _COOKIE in request.COOKIES
    if request.method == "GET" and not (returns or _is_machine(request) or _is_author(request, link)):
        ShareLink.objects.filter(pk=link.pk).update(opened_count=F("opened_count") + 1, last_opened_at=timezone.now())
    response.set_cookie(
        _COOKIE,
        "1",
        max_age=ONE_VISIT,
        path=request.path,  # of this link only
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def _is_machine(request: HttpRequest) -> bool:
    purpose = request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    agent = request.headers.get("User-Agent", "")
    return "prefetch" in purpose or not agent or _ROBOT.search(agent) is not None


def _is_author(request: HttpRequest, link: ShareLink) -> bool:
    return request.user.is_authenticated and request.user.pk == link.created_by_id
