"""What a mock must know of dialects beside reading them: their paths, and how they say that something went wrong."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, NamedTuple

import orjson

OPENAI_CHAT: Final = "openai-chat"
OPENAI_COMPLETIONS: Final = "openai-completions"

# The end of a path, and whose it is. An answer at any other path is as it was recorded.
_PATHS: Final = (
    ("/chat/completions", OPENAI_CHAT),
    ("/completions", OPENAI_COMPLETIONS),
    ("/responses", "openai-responses"),
    ("/messages", "anthropic"),
    ("/api/chat", "ollama"),
    ("/api/generate", "ollama"),
    ("/v2/chat", "cohere"),
    (":streamGenerateContent", "gemini"),
    (":generateContent", "gemini"),
    ("/stream", "langserve"),
    ("/invoke", "langserve"),
)
# These say in the path whether to stream; Ollama streams unless it is told not to, the others if they are told to.
_STREAMING_PATHS: Final = {
    ":streamGenerateContent": True,
    ":generateContent": False,
    "/stream": True,
    "/invoke": False,
}
_GRPC: Final = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND"} | {
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
}
_ANTHROPIC: Final = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error"} | {
    404: "not_found_error",
    429: "rate_limit_error",
    529: "overloaded_error",
}
_OPENAI: Final = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded"}


class Asked(NamedTuple):
    """`dialect` "" is any: as it was recorded. `is_stream` None: as it was recorded. `with_usage`: OpenAI's wish."""

    dialect: str
    is_stream: bool | None
    with_usage: bool = False


def asked_at(path: str, fields: Mapping[str, Any]) -> Asked:
    """What a request for `path` with a body of `fields` wants to get."""
    end, dialect = next((entry for entry in _PATHS if path.endswith(entry[0])), ("", ""))
    if not dialect:
        return Asked("", None)
    is_stream = _STREAMING_PATHS.get(end, bool(fields.get("stream", dialect == "ollama")))
    options = fields.get("stream_options")
    return Asked(dialect, is_stream, isinstance(options, Mapping) and bool(options.get("include_usage")))


def error_body(dialect: str, status: int, message: str, *, code: str | None = None, param: str | None = None) -> bytes:
    """The body of an HTTP error."""
    match dialect:
        case "anthropic":
            return orjson.dumps(_anthropic(status, message))
        case "gemini":
            return orjson.dumps(_gemini(status, message))
        case "ollama":
            return orjson.dumps({"error": message})
        case "cohere":
            return orjson.dumps({"message": message})
        case "langserve":
            return orjson.dumps({"detail": message})
    return orjson.dumps(_openai(status, message, code, param))


def error_event(dialect: str, message: str, *, code: str = "server_error") -> bytes:
    """An error inside a stream that has begun with a 200."""
    match dialect:
        case "anthropic":
            return _sse(_anthropic(529, message), "error")
        case "gemini":
            return _sse(_gemini(503, message))
        case "openai-responses":
            return _sse({"type": "error", "code": code, "message": message, "param": None}, "error")
        case "ollama":
            return orjson.dumps({"error": message}) + b"\n"
        case "cohere":
            return _sse({"type": "error", "message": message}, "error")
        case "langserve":
            return _sse({"status_code": 500, "message": message}, "error")
    return _sse(_openai(500, message, code, None))


def media_type(dialect: str, *, is_streamed: bool) -> str:
    if not is_streamed:
        return "application/json"
    return "application/x-ndjson" if dialect == "ollama" else "text/event-stream; charset=utf-8"


def _openai(status: int, message: str, code: str | None, param: str | None) -> dict[str, Any]:
    kind = "server_error" if status >= 500 else "invalid_request_error"
    kind = "rate_limit_error" if status == 429 else kind
    return {"error": {"message": message, "type": kind, "param": param, "code": code or _OPENAI.get(status)}}


def _anthropic(status: int, message: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": _ANTHROPIC.get(status, "api_error"), "message": message}}


def _gemini(status: int, message: str) -> dict[str, Any]:
    return {"error": {"code": status, "message": message, "status": _GRPC.get(status, "INTERNAL")}}


def _sse(value: Mapping[str, Any], event: str = "") -> bytes:
    return (f"event: {event}\n" if event else "").encode() + b"data: " + orjson.dumps(value) + b"\n\n"


def reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:  # 529, as some providers say "overloaded"
        return "Error"
