"""Error answers: an HTTP status with a body, or an error object inside a 200, as the right `ProviderError`.

Providers agree on little: OpenAI's `{"error": {message, type, param, code}}`, Anthropic's `{"type": "error", "error"}`,
Gemini's `{"error": {code: 429, status: "RESOURCE_EXHAUSTED"}}`, xAI's `{"code", "error": "text"}`, vLLM's
`{"object": "error", "message"}`, FastAPI's `{"detail": …}`, TGI's `{"error": "text", "error_type"}`, HTML of a proxy.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from playground.providers import errors, loosejson
from playground.providers.errors import ProviderError, Refused
from playground.providers.redaction import host_of
from playground.providers.retry import retry_after

# What a provider calls an error (its `code`, `type` or `status`), for the names that say more than the HTTP status.
NAMES: Final[dict[str, type[Refused]]] = {
    "content_filter": errors.ContentFiltered,
    "content_policy_violation": errors.ContentFiltered,
    "responsibleaipolicyviolation": errors.ContentFiltered,
    "bio_policy": errors.ContentFiltered,
    "misalignment_policy_violation": errors.ContentFiltered,
    "context_length_exceeded": errors.PromptTooLong,
    "exceed_context_size_error": errors.PromptTooLong,
    "request_too_large": errors.PromptTooLong,
    "insufficient_quota": errors.QuotaExceeded,
    "billing_hard_limit_reached": errors.QuotaExceeded,
    "billing_error": errors.QuotaExceeded,
    "model_not_found": errors.ModelNotFound,
    "not_found_error": errors.ModelNotFound,
    "not_found": errors.ModelNotFound,
    "invalid_api_key": errors.NotAuthenticated,
    "authentication_error": errors.NotAuthenticated,
    "unauthenticated": errors.NotAuthenticated,
    "permission_error": errors.NotPermitted,
    "permission_denied": errors.NotPermitted,
    "rate_limit_exceeded": errors.RateLimited,
    "rate_limit_error": errors.RateLimited,
    "resource_exhausted": errors.RateLimited,
    "overloaded_error": errors.Overloaded,
    "overloaded": errors.Overloaded,
    "engine_overloaded": errors.Overloaded,
    "unavailable": errors.Overloaded,
    "server_error": errors.ServerFailed,
    "api_error": errors.ServerFailed,
    "generation": errors.ServerFailed,
    "internal_server_error": errors.ServerFailed,
    "timeout_error": errors.ServerFailed,
    "internal": errors.ServerFailed,
    "invalid_request_error": errors.InvalidRequest,
    "badrequesterror": errors.InvalidRequest,
    "invalid_prompt": errors.InvalidRequest,
    "validation": errors.InvalidRequest,
    "invalid_argument": errors.InvalidRequest,
}

STATUSES: Final[dict[int, type[Refused]]] = {
    401: errors.NotAuthenticated,
    402: errors.QuotaExceeded,
    403: errors.NotPermitted,
    404: errors.ModelNotFound,
    413: errors.PromptTooLong,
    429: errors.RateLimited,
    503: errors.Overloaded,
    529: errors.Overloaded,
}

# What happened, and what to do.
SENTENCES: Final[dict[type[Refused], tuple[str, str]]] = {
    Refused: ("The provider reported an error", "try again, or look the error up in the provider's documentation"),
    errors.InvalidRequest: ("The provider did not accept the request", "check the model's name and the parameters"),
    errors.NotAuthenticated: ("The provider did not accept the API key", "check the key of the connection"),
    errors.NotPermitted: ("The provider does not permit this request", "check what the key may use"),
    errors.ModelNotFound: (
        "The provider knows no such model or address",
        "check the model's name, and the base URL, with its /v1 where the API has one",
    ),
    errors.PromptTooLong: (
        "The prompt is too long for this model",
        "shorten it, or choose a model that takes more",
    ),
    errors.RateLimited: ("The provider's rate limit is reached", "wait a little and try again"),
    errors.QuotaExceeded: ("The account's quota is used up", "check its billing with the provider"),
    errors.ServerFailed: ("The provider failed", "try again, or check the provider's status page"),
    errors.Overloaded: ("The provider is overloaded", "try again in a while"),
    errors.ContentFiltered: ("The provider's content filter refused the prompt", "rephrase it"),
}


def from_answer(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """The error that an HTTP answer other than 200 is. `headers`: with names in lower case, or case-insensitive."""
    if 300 <= status < 400:
        return _redirect(status, headers.get("location", ""))
    try:
        value, _ = loosejson.loads(body)
    except ValueError:
        value = None
    names, message = _read(value) if isinstance(value, dict) else (set(), _plain(body))
    error = _build(_kind(names, status), message, status)
    error.param = _param(value)
    error.retry_after = retry_after(headers)
    if error.retry_after:
        error.message = error.message.removesuffix(".") + f" (it asks to wait {error.retry_after:.0f} s)."
    return error


def from_object(value: Mapping[str, Any]) -> ProviderError:
    """The error that an object in the body of a 200 is. A number in it tells its kind; its HTTP status stays None.

    One that is only a text (Ollama's, TGI's, vLLM's) comes from a server that had taken the request: it failed.
    """
    names, message = _read(value)
    if not names and isinstance(value.get("error"), str):
        return _build(errors.ServerFailed, message)
    number = next((int(name) for name in names if name.isdecimal() and len(name) == 3), None)
    return _build(_kind(names, number), message)


def is_error(value: Mapping[str, Any]) -> bool:
    """Whether an object is an error. `"error": null` is none: some providers put it into every chunk; `""` is one."""
    error = value.get("error")
    if error is not None and error is not False:
        return True
    return "choices" not in value and (value.get("type") == "error" or value.get("object") == "error")


def _kind(names: set[str], status: int | None) -> type[Refused]:
    named = {NAMES[name] for name in names if name in NAMES}
    for kind in (errors.ContentFiltered, errors.QuotaExceeded, errors.PromptTooLong, errors.ModelNotFound):
        if kind in named:
            return kind  # these say more than any status
    if status in STATUSES:
        return STATUSES[status]
    if status is not None and status >= 400:
        return errors.ServerFailed if status >= 500 else errors.InvalidRequest
    # OpenAI's type of most errors is `invalid_request_error`, and the code then says more.
    named = named - {errors.InvalidRequest} or named
    return named.pop() if len(named) == 1 else Refused


def _read(value: Mapping[str, Any]) -> tuple[set[str], str]:
    """The names and the message of an error object."""
    inner = value.get("error")
    inner = inner if isinstance(inner, dict) else value
    names = {
        str(source.get(key)).lower()
        for source in (value, inner)
        for key in ("code", "type", "status", "error_type")
        if source.get(key)
    }
    candidates = (inner.get("message"), value.get("error"), value.get("detail"), inner.get("title"), inner.get("msg"))
    return names, next((_one_line(text) for text in candidates if isinstance(text, str) and text), "")


def _param(value: object) -> str | None:
    """The field of the request that is wrong, where the provider names it as OpenAI does."""
    inner = value.get("error") if isinstance(value, dict) else None
    param = inner.get("param") if isinstance(inner, dict) else None
    return _one_line(param)[:100] if isinstance(param, str) and param else None


def _plain(body: bytes) -> str:
    """What a body that is no JSON says: the title of a page, or the start of a text."""
    text = body[:4096].decode("utf-8", "replace").strip()
    if text.startswith("<"):
        title = re.search(r"<title[^>]*>([^<]*)", text, re.IGNORECASE)
        return _one_line(title[1]) if title else ""
    return _one_line(text)


def _one_line(text: str) -> str:
    line = " ".join(text.split()).rstrip(".")
    return line if len(line) <= 300 else line[:299] + "…"


def _build(kind: type[Refused], message: str, status: int | None = None) -> ProviderError:
    happened, advice = SENTENCES[kind]
    with_status = f" (HTTP {status})" if status is not None else ""
    says = f" and says “{message}”" if message else ""
    return kind(f"{happened}{with_status}{says}: {advice}.", status=status)


def _redirect(status: int, location: str) -> ProviderError:
    host = host_of(location)
    where = f" to {host}" if host else ""
    return errors.RedirectRefused(
        f"The provider answered with a redirect{where} (HTTP {status}), which is not followed because it "
        "would carry the prompt and the key elsewhere: put the final address into the base URL.",
        status=status,
    )
