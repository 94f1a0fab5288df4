"""What a client asks of the simulator, checked as OpenAI's API checks it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from playground.providers.continuation import INSTRUCTION
from playground.providers.simulator import faults
from playground.providers.simulator.faults import FAULTS, PlacedFault
from playground.providers.simulator.grammar import Script, UnknownModel, parse_model
from playground.providers.simulator.tokens import Language, cut, language_of

WISH: Final = "sim"  # the field of a request that says what goes wrong, whatever the model's name says


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

    `logprobs` is how many alternatives are asked for with each token; None: no logprobs at all. `continues`: the part
    of the answer that was given back, to go on from.
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
    continues: str = ""


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
    script = _checked(_as_wished(script, fields), fields)
    if _number(fields, "n", 1, 128, whole=True) not in (None, 1):
        raise _wrong("n", "The simulator writes one choice: leave n out, or send 1.")
    _number(fields, "temperature", 0, 2)
    _number(fields, "top_p", 0, 1)
    prompt, part = _asked_and_part(fields) if chat else (_prompt(fields), "")
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
        prompt_tokens=len(cut(prompt + part)),
        language=language_of(prompt),
        seed=hashlib.sha256(f"{seed} {prompt}".encode(errors="surrogatepass")).digest(),
        identity=hashlib.sha256(body).digest(),
        continues=part,
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


def _as_wished(script: Script, fields: Mapping[str, Any]) -> Script:
    """`script` with what the request's own field asks for: `{"sim": {"fault": "eof", "at": 5, "bytes": 1}}`."""
    wish = fields.get(WISH)
    if wish is None:
        return script
    if not isinstance(wish, dict):
        raise _wrong(WISH, f'{WISH} must be an object, as in {{"fault": "eof", "at": 5, "bytes": 1}}.')
    if unknown := sorted(wish.keys() - {"fault", "at", "bytes"}):
        raise _wrong(f"{WISH}.{unknown[0][:40]}", f"{WISH} has only the members fault, at and bytes.")
    fault, name = script.fault, wish.get("fault")
    if name is not None:
        if not isinstance(name, str) or name not in FAULTS:
            raise _wrong(f"{WISH}.fault", f"{WISH}.fault must be one of {', '.join(FAULTS)}.")
        fault = PlacedFault(FAULTS[name], None)
    named = {f"{WISH}.{key}": wish.get(key) for key in ("at", "bytes")}
    at = _number(named, f"{WISH}.at", 0, faults.MOST_AT, whole=True)
    if at is not None:
        if fault is None or not fault.fault.placed:
            raise _wrong(
                f"{WISH}.at", f"{WISH}.at is the chunk of a fault that happens at one: name it in {WISH}.fault."
            )
        fault = fault._replace(at=at)
    size = _number(named, f"{WISH}.bytes", 1, faults.MOST_BYTES, whole=True)
    return replace(script, fault=fault, bytes=size or script.bytes)


def _checked(script: Script, fields: Mapping[str, Any]) -> Script:
    if script.fault is None or not script.fault.fault.is_streamed or (fields.get("stream") and not script.whole):
        return script
    raise _wrong("stream", f"The fault {script.fault.fault.name} needs an answer that is streamed.")


def _asked_and_part(fields: Mapping[str, Any]) -> tuple[str, str]:
    """What is asked, and the part of the answer to go on from: the assistant's own last message, or the one before the
    instruction to go on. An answer that goes on has the seed of the whole one.
    """
    messages = fields.get("messages")
    if not isinstance(messages, list) or not messages:
        raise _wrong("messages", "messages must be a list of at least one message.")
    texts = [_message_text(message) for message in messages]
    if len(texts) > 1 and texts[-1] == INSTRUCTION:
        messages, texts = messages[:-1], texts[:-1]
    part = texts.pop() if len(texts) > 1 and messages[-1]["role"] == "assistant" else ""
    return "\n".join(texts), part


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
