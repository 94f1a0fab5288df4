"""Requests as this app's views see them."""

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control, patch_vary_headers


def wants_json(request: HttpRequest) -> bool:
    """Asked by our scripts; a form without them wants a page."""
    return request.headers.get("Accept", "") == "application/json"


def varied(response: HttpResponse) -> HttpResponse:
    patch_vary_headers(response, ["HX-Request"])
    return response


def unlisted(response: HttpResponse) -> HttpResponse:
    """A page for whoever has its address: kept by nobody, found by no search engine, named to no other site."""
    patch_cache_control(response, no_store=True, private=True)
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
