"""Keep what is secret out of what is recorded and shown."""

import re
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from playground.providers.endpoint import Endpoint

# Of the headers of an answer, those that help to understand a stream. Cookies and account names are not among them.
SHOWN_HEADERS: Final = re.compile(
    r"(?:content-(?:type|length|encoding)|transfer-encoding|date|server|via|age|retry-after|x-request-id|request-id"
    r"|x-accel-buffering|x-cache|cf-(?:ray|cache-status)|openai-(?:processing-ms|version|model)"
    r"|x-(?:ratelimit|envoy)-[\w-]+|anthropic-ratelimit-[\w-]+|x-playground-run|location)"
)
_SECRET_NAME: Final = re.compile(r"key|token|secret|sig|pass|auth|cred", re.IGNORECASE)
_KEY_SHAPED: Final = re.compile(r"(?i)\b(?:sk|pk|gsk|xai|key)[-_][\w-]{12,}|\bbearer\s+[\w.~+/-]{8,}")
_MASK: Final = "[hidden]"


def secrets_of(endpoint: Endpoint) -> tuple[str, ...]:
    """What of a connection must not be shown, longest first. Very short values stay out: they hide too much."""
    password = re.search(r"//[^/@:]*:([^/@]*)@", endpoint.proxy)
    values = {endpoint.api_key, password[1] if password else "", *(v for v in endpoint.headers.values() if len(v) >= 8)}
    return tuple(sorted((value for value in values if len(value) >= 4), key=len, reverse=True))


def hide(text: str, secrets: tuple[str, ...]) -> str:
    """`text` without `secrets`, and without what looks like a key."""
    for secret in secrets:
        text = text.replace(secret, _MASK)
    return _KEY_SHAPED.sub(_MASK, text)


def hide_in_body(body: bytes, secrets: tuple[str, ...]) -> bytes:
    """The same for the bytes of an error answer, whose length stays: offsets count on it."""
    for secret in secrets:
        raw = secret.encode()
        body = body.replace(raw, b"*" * len(raw))
    return body


def shown_headers(headers: list[tuple[str, str]], secrets: tuple[str, ...]) -> dict[str, str]:
    """The headers of an answer that are recorded. Names in lower case; a repeated header is joined by commas."""
    shown: dict[str, str] = {}
    for raw_name, value in headers:
        name = raw_name.lower()
        if name == "location":  # a path or a query may hold a key
            value = host_of(value)  # noqa: PLW2901
        if value and SHOWN_HEADERS.fullmatch(name):
            shown[name] = f"{shown[name]}, {hide(value, secrets)}" if name in shown else hide(value, secrets)
    return shown


def host_of(url: str) -> str:
    """The host that `url` names; "" for one that is relative, or no URL."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def shown_url(url: str) -> str:
    """`url` without user, password and fragment, and with the values of secret-looking query parameters hidden."""
    try:
        parts = urlsplit(url)
    except ValueError:  # it cannot be sent to either
        return ""
    query = [
        (name, _MASK if _SECRET_NAME.search(name) else value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    ]
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, urlencode(query, safe="[]/:"), ""))
