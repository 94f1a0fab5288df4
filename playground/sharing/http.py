"""Answers that must stay out of caches."""

from django.http import HttpResponse
from django.utils.cache import add_never_cache_headers, patch_vary_headers


def keep_private(response: HttpResponse, *, referrer: str = "no-referrer") -> HttpResponse:
    """For what a link opens: in no index, no cache and no log of another site."""
    add_never_cache_headers(response)
    response["Cache-Control"] = "no-store, private"
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response["Referrer-Policy"] = referrer
    patch_vary_headers(response, ["HX-Request", "Cookie"])
    return response
