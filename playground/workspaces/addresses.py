"""The whole address of a page, for links that leave this site."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse


def absolute_url(request: HttpRequest, name: str, **kwargs: Any) -> str:
    """Under PUBLIC_URL if that is set, else under the address that the request was sent to."""
    path = reverse(name, kwargs=kwargs)
    return settings.PUBLIC_URL + path if settings.PUBLIC_URL else request.build_absolute_uri(path)
