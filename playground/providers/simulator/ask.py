"""What a client asks of the simulator, checked as OpenAI's API checks it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from playground.providers.simulator.grammar import Script, UnknownModel, parse_model
from playground.providers.simulator.tokens import Language, cut, language_of


class ApiError(Exception):
    """An error in OpenAI's shape: `{"error": {"message", "type", "param", "code"}}`."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})
        self.body = orjson.dumps({"error": {"message": message, "type": kind, "param": param, "code": code}})


@dataclass(frozen=True, slots=True)
class Ask:
    """`seed` is a digest of prompt and seed, `identity` of the whole body.

    `logprobs` is how many alternatives are asked for with each token; None: no logprobs at all.
    """

    chat: bool
    model: str
    script: Script
    stream: bool
    include_usage: bool
    max_tokens: int | None
    stop: tuple[str, ...]
    logprobs: int | None
    prompt_tokens: int
    language: Language
    seed: bytes
    identity: bytes


def read_ask(body: bytes, *, chat: bool) -> Ask:
    """Raises `ApiError`: 400 for a wrong field, 404 for a name that the grammar does not know."""
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise ApiError(400, "The body is not JSON.") from None
    if not isinstance(fields, dict):
        raise _wrong(None, "The body must be a JSON object.")
    model = fields.get("model")
    if not isinstance(model, str) or not model:
        raise _wrong("model", "Name a model in the field model.")
    try:
        script = parse_model(model)
    except UnknownModel as error:
        raise ApiError(404, str(error), param="model", code="model_not_found") from None
    if _number(fields, "n", 1, 128, whole=True) not in (None, 1):
        raise _wrong("n", "The simulator writes one choice: leave n out, or send 1.")
    _number(fields, "temperature", 0, 2)
    _number(fields, "top_p", 0, 1)
    prompt = _messages(fields) if chat else _prompt(fields)
    seed = _number(fields, "seed", -(2**63), 2**64 - 1, whole=True)
    return Ask(
        chat=chat,
        model=model,
        script=script,
        stream=bool(fields.get("stream")),
        include_usage=_include_usage(fields),
        max_tokens=_max_tokens(fields),
        stop=_stop(fields),
        logprobs=_chat_logprobs(fields) if chat else _number(fields, "logprobs", 0, 5, whole=True),
        prompt_tokens=len(cut(prompt)),
        language=language_of(prompt),
        seed=hashlib.sha256(f"{seed} {prompt}".encode(errors="surrogatepass")).digest(),
        identity=hashlib.sha256(body).digest(),
    )


def _wrong(param: str | None, message: str) -> ApiError:
    return ApiError(400, message, param=param, code="invalid_value" if param else None)


def _number(fields: Mapping[str, Any], name: str, least: int, most: int, *, whole: bool = False) -> Any:
    value = fields.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float) or not least <= value <= most:
        raise _wrong(name, f"{name} must be a {'whole ' if whole else ''}number from {least} to {most}.")
    return value


def _max_tokens(fields: Mapping[str, Any]) -> int | None:
    limits = [_number(fields, name, 1, 10**9, whole=True) for name in ("max_completion_tokens", "max_tokens")]
    return min((limit for limit in limits if limit is not None), default=None)


def _stop(fields: Mapping[str, Any]) -> tuple[str, ...]:
    stop = fields.get("stop") or []
    stops = [stop] if isinstance(stop, str) else stop
    if not isinstance(stops, list) or len(stops) > 4 or not all(isinstance(item, str) for item in stops):
        raise _wrong("stop", "stop must be a string or a list of at most 4 strings.")
    return tuple(item for item in stops if item)


def _include_usage(fields: Mapping[str, Any]) -> bool:
    options = fields.get("stream_options")
    if options is None:
        return False
    if not fields.get("stream"):
        raise _wrong("stream_options", "stream_options is only allowed together with stream: true.")
    if not isinstance(options, dict):
        raise _wrong("stream_options", "stream_options must be an object.")
    return bool(options.get("include_usage"))


def _chat_logprobs(fields: Mapping[str, Any]) -> int | None:
    alternatives = _number(fields, "top_logprobs", 0, 20, whole=True)
    if fields.get("logprobs"):
        return int(alternatives or 0)
    if alternatives is not None:
        raise _wrong("top_logprobs", "top_logprobs is only allowed together with logprobs: true.")
    return None


def _messages(fields: Mapping[str, Any]) -> str:
    messages = fields.get("messages")
    if not isinstance(messages, list) or not messages:
        raise _wrong("messages", "messages must be a list of at least one message.")
    return "\n".join(_message_text(message) for message in messages)


def _message_text(message: object) -> str:
    content = message.get("content") if isinstance(message, dict) and isinstance(message.get("role"), str) else 0
    if content is None or isinstance(content, str):
        return content or ""
    if isinstance(content, list) and all(isinstance(part, dict) for part in content):
        return "\n".join(str(part.get("text", "")) for part in content)
    raise _wrong("messages", "Each message must have a role, and as content a string or a list of parts.")


def _prompt(fields: Mapping[str, Any]) -> str:
    prompt = fields.get("prompt")
    if isinstance(prompt, list) and len(prompt) == 1:
        prompt = prompt[0]
    if not isinstance(prompt, str):
        raise _wrong("prompt", "prompt must be one string.")
    return prompt
