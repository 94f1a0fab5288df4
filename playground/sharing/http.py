"""Addresses for people elsewhere, and answers that must stay out of caches."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers, patch_vary_headers


def absolute(request: HttpRequest, path: str) -> str:
    """The address under which others reach this server."""
    return settings.PUBLIC_URL + path if settings.PUBLIC_URL else request.build_absolute_uri(path)


def keep_private(response: HttpResponse, *, referrer: str = "no-referrer") -> HttpResponse:
    """For what a link opens: in no index, no cache and no log of another site."""
    add_never_cache_headers(response)
    response["Cache-Control"] = "no-store, private"
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response["Referrer-Policy"] = referrer
    patch_vary_headers(response, ["HX-Request", "Cookie"])
    return response
