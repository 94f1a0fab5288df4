"""The whole address of a page, for links that leave this site."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from playground.http import absolute


def absolute_url(request: HttpRequest, name: str, **kwargs: Any) -> str:
    """Under PUBLIC_URL if that is set, else under the address that the request was sent to."""
    return absolute(request, reverse(name, kwargs=kwargs))
