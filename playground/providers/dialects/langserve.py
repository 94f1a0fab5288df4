"""`langserve`: POST /stream of a chain that LangServe serves. The base URL ends with the chain's own path.

Source: https://github.com/langchain-ai/langserve, `api_handler.py` (events `metadata`, `data`, `end`, `error`) and
`serialization.py`; messages as in langchain-core, `messages/ai.py`. `event: end`, which has no data, ends the answer.

A chain has one model, or several, or none, and its input any shape. So the model's name says what is sent as `input`:

    messages         the messages, as LangChain writes them: `[{"type": "human", "content": "…"}]`
    messages:KEY     an object that holds them: `{"KEY": […]}`
    NAME             the prompt as one text, for any other name, such as `text`
    NAME:KEY         an object that holds it: `{"KEY": "…"}`

Extra parameters stand beside `input` (`config`, `kwargs`), and an `input` among them comes in its place. What a chain
streams is a text, a message, or any other value, which is shown as a line of JSON.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

import orjson

from playground.providers import refusals
from playground.providers.dialects import logprobs
from playground.providers.dialects.asking import JSON, asked_for, bearer, body_of
from playground.providers.dialects.base import CONTENT_FILTER, HttpRequest, Part
from playground.providers.dialects.body import BodyParser, malformed
from playground.providers.dialects.openai_completions import as_prompt
from playground.providers.dialects.reading import call_piece, citations, mapping, objects, place, string, whole
from playground.providers.dialects.translation import calls_of, counted, filled, parted
from playground.providers.endpoint import Endpoint
from playground.providers.request import GenerationRequest, Message
from playground.providers.sse import SSEDecoder, SSEEvent
from playground.recording.events import CHUNK, NOTICE, USAGE

TEXT: Final = "text"
MESSAGES: Final = "messages"
_ROLES: Final = {"system": "system", "user": "human", "assistant": "ai", "tool": "tool"}
_UNSAID: Final = (
    "temperature",
    "top_p",
    "max_tokens",
    "stop",
    "seed",
    "logprobs",
    "top_logprobs",
    "tools",
    "tool_choice",
)
_REASONS: Final = ("finish_reason", "stop_reason", "done_reason", "finishReason")  # of the models behind a chain
NOT_TEXT: Final = {"code": "not_text", "message": "The chain streams values that are no text: each is shown as JSON."}


class LangServe:
    name = "langserve"
    label: ClassVar[str] = "LangServe"
    example: ClassVar[str] = "http://127.0.0.1:8001/chain"
    finish_reasons: ClassVar[Mapping[str, str]] = {
        "end_turn": "stop",
        "stop_sequence": "stop",
        "STOP": "stop",
        "COMPLETE": "stop",
        "max_tokens": "length",
        "MAX_TOKENS": "length",
        "tool_use": "tool_calls",
        "refusal": CONTENT_FILTER,
        "SAFETY": CONTENT_FILTER,
    }

    def request(self, endpoint: Endpoint, request: GenerationRequest) -> HttpRequest:
        """Raises InvalidRequest."""
        _, rest, strange = parted(request.parameters.extra, {})
        path = "/stream" if request.stream and endpoint.supports_streaming else "/invoke"
        body = body_of({"input": _input(request)}, rest)
        ignored = (*asked_for(request.parameters, _UNSAID), *strange)
        return HttpRequest("POST", path, {**bearer(endpoint), **JSON}, body, ignored)

    def parser(self, request: GenerationRequest) -> "LangServeParser":
        return LangServeParser(wants_stream=request.stream)

    def models_request(self, endpoint: Endpoint) -> None:
        """There is no such question: the names are ours."""

    def read_models(self, body: bytes) -> list[str]:
        """The two kinds of input that chains take most."""
        return [TEXT, MESSAGES]


def _input(request: GenerationRequest) -> Any:
    shape, _, key = request.model.partition(":")
    value: Any = _messages(request.messages) if shape == MESSAGES else as_prompt(request.messages)
    return {key: value} if key else value


def _messages(messages: Sequence[Message]) -> list[dict[str, Any]]:
    return [
        filled(
            {
                "type": _ROLES[message.role],
                "content": message.content,
                "tool_calls": [
                    {"id": call.id, "name": call.name, "args": call.as_object(), "type": "tool_call"}
                    for call in calls_of(message)
                ]
                or None,
                "tool_call_id": message.extra.get("tool_call_id"),
            }
        )
        for message in messages
    ]


class LangServeParser(BodyParser):
    """Reads what a chain streams. Usage adds up: a model may tell of the prompt and of the answer apart."""

    ends_with_done = False

    def __init__(self, *, wants_stream: bool) -> None:
        super().__init__(wants_stream=wants_stream)
        self._decoder = SSEDecoder(names_alone=True)
        self._calls = 0

    def _sse_event(self, item: SSEEvent, parts: list[Part]) -> None:
        if item.event == "end":
            self.done = True
        else:
            super()._sse_event(item, parts)

    def _named(self, name: str, value: Any, end: int, parts: list[Part]) -> None:
        if name == "error":
            told = mapping(value)
            raise refusals.from_object({"code": told.get("status_code"), "message": told.get("message")})
        if name == "data":
            self._value(value, end, parts)
        elif name != "metadata":
            raise malformed("tokens of another dialect")

    def _event(self, value: Mapping[str, Any], end: int, parts: list[Part]) -> None:
        """Never asked: `_named` reads all."""

    def _answer(self, value: Mapping[str, Any], end: int, parts: list[Part]) -> None:
        if "output" not in value:
            raise malformed("JSON without an output")
        self._value(value["output"], end, parts)

    def _value(self, value: Any, end: int, parts: list[Part]) -> None:
        if isinstance(value, str):
            if value:
                parts.append(Part(CHUNK, value, end))
        elif message := _as_message(value):
            self._message(message, end, parts)
        elif value is not None:
            if "not_text" not in self._noticed:
                self._noticed.add("not_text")
                parts.append(Part(NOTICE, NOT_TEXT, end))
            parts.append(Part(CHUNK, orjson.dumps(value).decode() + "\n", end))

    def _message(self, message: Mapping[str, Any], end: int, parts: list[Part]) -> None:
        extra, metadata = mapping(message.get("additional_kwargs")), mapping(message.get("response_metadata"))
        text, reasoning, cited = _content(message.get("content"))
        data: dict[str, Any] = {
            "text": text,
            "reasoning": reasoning + string(extra.get("reasoning_content") or ""),
            "refusal": string(extra.get("refusal") or ""),
            "logprobs": logprobs.normalised(metadata.get("logprobs")),
            "citations": cited,
        }
        data = {name: told for name, told in data.items() if told}
        if data:
            parts.append(Part(CHUNK, data["text"] if data.keys() == {"text"} else data, end))
        parts += [Part(CHUNK, piece, end) for piece in self._tool_calls(message)]
        reason = next((metadata[name] for name in _REASONS if metadata.get(name)), None)
        self.finish_reason = reason if isinstance(reason, str) else self.finish_reason
        if usage := mapping(message.get("usage_metadata")):
            self._usage(usage, end, parts)

    def _tool_calls(self, message: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Pieces as they were cut; where there are none, the calls as a whole."""
        pieces = objects(message.get("tool_call_chunks") or [])
        if pieces:
            return [call_piece(place(p.get("index")), p.get("id"), p.get("name"), p.get("args")) for p in pieces]
        found = []
        for call in objects(message.get("tool_calls") or []):
            found.append(call_piece(self._calls, call.get("id"), call.get("name"), call.get("args") or {}))
            self._calls += 1
        return found

    def _usage(self, told: Mapping[str, Any], end: int, parts: list[Part]) -> None:
        before = self.usage or {}
        names = ("input_tokens", "output_tokens", "total_tokens")
        counts = {name: whole(before.get(name)) + whole(told.get(name)) for name in names}
        self.usage = counted({**told, **counts}, *counts.values())
        parts.append(Part(USAGE, self.usage, end))


def _as_message(value: Any) -> Mapping[str, Any]:
    """An answer of a chat model, also as `dumpd` writes it (`{"lc": 1, "kwargs": {…}}`); what is none is empty."""
    told = mapping(value)
    if "lc" in told and isinstance(told.get("kwargs"), dict):
        told = told["kwargs"]
    return told if "content" in told and told.get("type") in ("ai", "AIMessageChunk", "AIMessage") else {}


def _content(content: Any) -> tuple[str, str, list[dict[str, Any]]]:
    """Text, reasoning and citations of a message's content: a text, or blocks, of which other kinds are passed over."""
    if isinstance(content, str):
        return content, "", []
    text, reasoning, cited = "", "", []
    for block in content if isinstance(content, list) else []:
        told = {"type": "text", "text": block} if isinstance(block, str) else mapping(block)
        text += string(told.get("text") or "") if told.get("type") in ("text", "text_delta") else ""
        reasoning += string(told.get("thinking") or told.get("reasoning") or "")
        cited += citations(told.get("citations") or told.get("annotations"))
    return text, reasoning, cited
