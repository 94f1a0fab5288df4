"""Who is at the other end of a socket, and whether a page of ours opened it."""

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest
from django.http.request import validate_host

from playground.accounts.models import User
from playground.errors import Forbidden, NotSignedIn
from playground.runs import grants
from playground.runs.credentials import Credentials
from playground.workspaces.tokens import authenticate_token


def authenticate(scope: Mapping[str, Any]) -> Credentials:
    """What a socket comes with: a bearer token, a link's token in `?share=`, or a session cookie if the Origin is ours.

    Reads the database.

    Raises:
        NotSignedIn: no valid token or session.
        Forbidden: the cookie came with another site's Origin, or with none.
    """
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    scheme, _, secret = headers.get("authorization", "").partition(" ")
    if scheme:
        token = authenticate_token(secret.strip()) if scheme.lower() == "bearer" else None
        if token is None:
            raise NotSignedIn("The token is not valid. Create one on the account page.")
        return Credentials(token.user, token_id=token.pk, workspace_id=token.workspace_id)
    if shares := parse_qs(scope.get("query_string", b"").decode("latin-1")).get("share"):
        grant = grants.resolve(shares[0])
        if grant is None:
            raise NotSignedIn("The link is not valid any more. Ask whoever sent it for a new one.")
        return Credentials(grant=grant)
    credentials = _of_session(headers.get("cookie", ""))
    if credentials is None:
        raise NotSignedIn("Sign in first.")
    if not _is_our_origin(scope, headers):
        raise Forbidden("The socket was opened by a page of another site.")
    return credentials


def _of_session(cookie: str) -> Credentials | None:
    try:
        morsel = SimpleCookie(cookie).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return None
    if morsel is None:
        return None
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(morsel.value)
    user = get_user(request)
    if not isinstance(user, User) or not user.is_active:
        return None
    return Credentials(user, session_key=morsel.value, session_hash=user.get_session_auth_hash())


def _is_our_origin(scope: Mapping[str, Any], headers: Mapping[str, str]) -> bool:
    """Django's rule for POSTs: the origin is the host that was asked, or a trusted one."""
    origin = headers.get("origin", "")
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    host = headers.get("host", "")
    hostname = urlsplit(f"//{host}").hostname or ""
    if not validate_host(f"[{hostname}]" if ":" in hostname else hostname, settings.ALLOWED_HOSTS):
        return False
    secure = scope.get("scheme") == "wss"
    if settings.SECURE_PROXY_SSL_HEADER:
        secure = secure or headers.get("x-forwarded-proto") == "https"
    return origin == f"{'https' if secure else 'http'}://{host}"
