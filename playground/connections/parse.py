"""Reads the parts of a connection as a person writes them. Each raises ValidationError with what to change.

Messages do not repeat headers, proxies or keys: these can hold credentials.
"""

import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from playground.providers.addresses import names_private

_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
_HEADER_VALUE: Final = re.compile(r"[\t\x20-\x7e]*")
_HOST: Final = re.compile(r"[\w.-]+|[0-9a-f:.]+(%\w+)?")  # a name (also of another script), or an IPv6 address
# The HTTP client writes these; another value would cut requests wrongly or send them to another host.
_OURS: Final = frozenset(
    {
        "host",
        "content-length",
        "content-type",
        "transfer-encoding",
        "connection",
        "upgrade",
        "te",
        "trailer",
        "accept-encoding",
    }
)
_MAX_MODELS: Final = 500
_MAX_PRICE: Final = 100_000
_MAX_MODEL_NAME: Final = 130  # a run keeps CONNECTION/MODEL in 200 characters


def prices(text: str) -> dict[str, dict[str, float]]:
    """`text` has one `MODEL INPUT OUTPUT` a line, in US dollars per million tokens; the model `*` is any other."""
    found: dict[str, dict[str, float]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        model, *amounts = line.split()
        try:
            given, answered = map(float, amounts)
        except ValueError:
            raise ValidationError(
                _("Line %(number)d: write MODEL INPUT OUTPUT, such as gpt-4o-mini 0.15 0.60."),
                params={"number": number},
            ) from None
        if not (0 <= given < _MAX_PRICE and 0 <= answered < _MAX_PRICE):
            raise ValidationError(_("Line %(number)d: a price is from 0 to 100,000."), params={"number": number})
        found[model[:_MAX_MODEL_NAME]] = {"input": given, "output": answered}
    return found


def base_url(text: str) -> str:
    """Without its trailing slash. No user, password, query or fragment."""
    parts = _split(text.strip())
    if parts is None:
        raise ValidationError(_("Write a whole URL, such as https://api.example.com/v1."))
    if parts.username is not None or parts.password is not None:
        raise ValidationError(_("A URL must not hold a user or a password: the API key has a field of its own."))
    if parts.query or parts.fragment:
        raise ValidationError(_("A base URL ends with its path, such as /v1: remove what follows “?” or “#”."))
    return parts.geturl().rstrip("/")


def proxy(text: str) -> str:
    if not text.strip():
        return ""
    parts = _split(text.strip())
    if parts is None or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValidationError(_("Write the proxy as http://HOST:PORT, or http://USER:PASSWORD@HOST:PORT."))
    return parts.geturl().rstrip("/")


def headers(text: str) -> dict[str, str]:
    """`text` has one `Name: value` a line."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        name, colon, value = (part.strip() for part in line.partition(":"))
        if not colon or not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise ValidationError(_("Line %d is not a header: write Name: value.") % number)
        if name.lower() in _OURS:
            raise ValidationError(_("Line %d sets a header that the playground sets itself: remove it.") % number)
        found[name] = value
    return found


def statuses(text: str) -> list[int]:
    """HTTP statuses of errors, with commas or spaces between them; sorted, each once."""
    found = set()
    for word in re.split(r"[,\s]+", text.strip()):
        if word and not re.fullmatch(r"[45]\d\d", word, re.ASCII):
            message = _("“%s” is not the status of an error: write numbers from 400 to 599, separated by commas.")
            raise ValidationError(message % word[:20])
        found.add(word)
    return sorted(int(word) for word in found if word)


def model_names(text: str) -> list[str]:
    """`text` has one name a line; each is kept once."""
    names = list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
    if len(names) > _MAX_MODELS:
        raise ValidationError(_("List at most %d models.") % _MAX_MODELS)
    for name in names:
        if len(name) > _MAX_MODEL_NAME or not name.isprintable() or " " in name:
            raise ValidationError(_("“%s” is not a model's name: write one name a line.") % name[:60])
    return names


def is_private(url: str) -> bool:
    """Whether the host of a URL is spelt as a private address. A name is judged when it is resolved, per request."""
    parts = _split(url)
    return parts is not None and names_private(parts.hostname or "")


def origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def without_credentials(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _split(url: str) -> SplitResult | None:
    """None unless `url` is http or https with a host and a possible port."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(_HOST.fullmatch(parts.hostname or "")) and parts.port != 0
    except ValueError:
        return None
    return parts if usable and url.isprintable() and " " not in url else None
