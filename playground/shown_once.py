"""A secret that was just made, for the page that shows it once.

It stays in the browser's session, encrypted, for ten minutes or until its reader is done with it: a reload, another
language or a way back do not lose it. A page has one at a time, and so has a session.
"""

import json
from typing import Final

from cryptography.fernet import InvalidToken
from django.http import HttpRequest

from playground.sealing import cipher

_KEY: Final = "shown_once"
_USE: Final = b"playground shown once v1"
_SECONDS: Final = 600


def keep(request: HttpRequest, place: str, shown: dict[str, str]) -> None:
    """`place` names the page, and whose it is where that differs: only there it is shown."""
    request.session[_KEY] = cipher(_USE).encrypt(json.dumps([place, shown]).encode()).decode()


def kept(request: HttpRequest, place: str) -> dict[str, str] | None:
    sealed = request.session.get(_KEY)
    if sealed is None:
        return None
    try:
        at, shown = _open(sealed)
    except InvalidToken:  # too old, or SECRET_KEY was changed
        forget(request)
        return None
    return shown if at == place else None


def forget(request: HttpRequest) -> None:
    request.session.pop(_KEY, None)


def _open(sealed: str) -> tuple[str, dict[str, str]]:
    place, shown = json.loads(cipher(_USE).decrypt(sealed.encode(), ttl=_SECONDS))
    return place, shown
