"""A recorded answer in OpenAI's words: the objects of chat completions and of the legacy completions.

Source: https://platform.openai.com/docs/api-reference/chat/streaming and …/completions. `reasoning_content` is what
DeepSeek and vLLM, `citations` what xAI call what OpenAI's chat has no word for. Pure: events in, plain objects out.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from playground.recording.events import EventData

STOP: Final = "stop"
TOOL_CALLS: Final = "tool_calls"
REASONS: Final = frozenset({STOP, "length", TOOL_CALLS, "content_filter"})


class About(NamedTuple):
    """What every object of an answer says. `created` is in seconds since 1970."""

    id: str
    model: str
    created: int


def finish_reason(reason: str | None, *, has_calls: bool) -> str:
    """One of the four that clients know. `reason` is in OpenAI's words already (`common_reason`), or none of them."""
    known = reason if reason in REASONS else STOP
    return TOOL_CALLS if has_calls and known == STOP else known


def openai_usage(usage: Mapping[str, Any]) -> dict[str, Any]:
    """A provider's count of tokens with the names that clients read; what else it counted stays."""
    given = _count(usage, "prompt_tokens", "input_tokens")
    made = _count(usage, "completion_tokens", "output_tokens")
    total = _count(usage, "total_tokens") or given + made
    return {**usage, "prompt_tokens": given, "completion_tokens": made, "total_tokens": total}


class ChatChunks:
    """The chunks of a streamed chat completion. `first`: the index of the run's first choice, where several runs answer
    one request. With `with_usage`, each chunk has a `usage`, as OpenAI does once a client asks for it."""

    def __init__(self, about: About, *, first: int = 0, with_usage: bool = False) -> None:
        self._about = about
        self._first = first
        self._rest: dict[str, Any] = {"usage": None} if with_usage else {}
        self._begun: set[int] = set()
        self._with_calls: set[int] = set()

    def chunk(self, data: EventData) -> list[dict[str, Any]]:
        """A chunk event's objects; the first of a choice is one more, with the role."""
        if isinstance(data, str):
            return [*self._role(0), self._object(0, {"content": data})]
        choice = data.get("choice", 0)
        delta = _message_fields(data)
        if call := data.get("tool_call"):
            self._with_calls.add(choice)
            delta["tool_calls"] = [_call_delta(call)]
        entries = data.get("logprobs")
        shaped = chat_logprobs(entries, refused="refusal" in data) if entries else None
        return [*self._role(choice), self._object(choice, delta, logprobs=shaped)]

    def end(self, reason: str | None) -> list[dict[str, Any]]:
        """The last chunk of each choice. `reason` as for `finish_reason`."""
        objects = [] if self._begun else self._role(0)
        for choice in sorted(self._begun):
            objects.append(self._object(choice, {}, reason=finish_reason(reason, has_calls=choice in self._with_calls)))
        return objects

    def usage(self, usage: Mapping[str, Any]) -> dict[str, Any]:
        """The chunk that tells the usage, after all others."""
        return {**_head(self._about, "chat.completion.chunk"), "choices": [], "usage": openai_usage(usage)}

    def _role(self, choice: int) -> list[dict[str, Any]]:
        if choice in self._begun:
            return []
        self._begun.add(choice)
        return [self._object(choice, {"role": "assistant", "content": ""})]

    def _object(
        self, choice: int, delta: Mapping[str, Any], *, logprobs: Any = None, reason: str | None = None
    ) -> dict[str, Any]:
        about = self._about
        one = {"index": self._first + choice, "delta": delta, "logprobs": logprobs, "finish_reason": reason}
        return {
            "id": about.id,
            "object": "chat.completion.chunk",
            "created": about.created,
            "model": about.model,
            "choices": [one],
            **self._rest,
        }


class CompletionChunks:
    """The chunks of a streamed legacy completion, which is text: reasoning and tool calls have no place in it."""

    def __init__(self, about: About, *, first: int = 0, with_usage: bool = False) -> None:
        self._about = about
        self._first = first
        self._rest: dict[str, Any] = {"usage": None} if with_usage else {}
        self._lengths: dict[int, int] = {}

    def chunk(self, data: EventData) -> list[dict[str, Any]]:
        if isinstance(data, str):
            return [self._object(0, data)]
        choice, text, entries = data.get("choice", 0), _shown(data), data.get("logprobs")
        if not text and not entries:
            return []
        shaped = legacy_logprobs(entries, self._lengths.get(choice, 0)) if entries else None
        return [self._object(choice, text, logprobs=shaped)]

    def end(self, reason: str | None) -> list[dict[str, Any]]:
        return [
            self._object(choice, "", reason=finish_reason(reason, has_calls=False))
            for choice in sorted(self._lengths) or [0]
        ]

    def usage(self, usage: Mapping[str, Any]) -> dict[str, Any]:
        return {**_head(self._about, "text_completion"), "choices": [], "usage": openai_usage(usage)}

    def _object(self, choice: int, text: str, *, logprobs: Any = None, reason: str | None = None) -> dict[str, Any]:
        self._lengths[choice] = self._lengths.get(choice, 0) + len(text)
        one = {"index": self._first + choice, "text": text, "logprobs": logprobs, "finish_reason": reason}
        return {**_head(self._about, "text_completion"), "choices": [one], **self._rest}


def chat_logprobs(entries: Iterable[Mapping[str, Any]], *, refused: bool = False) -> dict[str, Any]:
    shaped = [{"bytes": None, "top_logprobs": [], **entry} for entry in entries]
    return {"content": None, "refusal": shaped} if refused else {"content": shaped, "refusal": None}


def legacy_logprobs(entries: Iterable[Mapping[str, Any]], offset: int = 0) -> dict[str, Any]:
    """`offset`: how many characters of the answer came before, which count for `text_offset`."""
    found = list(entries)
    offsets = []
    for entry in found:
        offsets.append(offset)
        offset += len(entry["token"])
    return {
        "tokens": [entry["token"] for entry in found],
        "token_logprobs": [entry.get("logprob") for entry in found],
        "top_logprobs": [{top["token"]: top.get("logprob") for top in e.get("top_logprobs", ())} for e in found],
        "text_offset": offsets,
    }


def _message_fields(data: Mapping[str, Any]) -> dict[str, Any]:
    names = (
        ("text", "content"),
        ("reasoning", "reasoning_content"),
        ("refusal", "refusal"),
        ("citations", "citations"),
    )
    return {theirs: data[ours] for ours, theirs in names if data.get(ours)}


def _call_delta(call: Mapping[str, Any]) -> dict[str, Any]:
    function = {"name": call["name"]} if call.get("name") else {}
    function["arguments"] = call.get("arguments", "")
    delta: dict[str, Any] = {"index": call["index"], "function": function}
    if call.get("id"):
        delta["id"] = call["id"]
    if call.get("id") or call.get("name"):
        delta["type"] = "function"
    return delta


def _shown(data: Mapping[str, Any]) -> str:
    """A refusal is all that the person would get to read, so it counts as text where there is no other word for it."""
    return str(data.get("text") or data.get("refusal") or "")


def _head(about: About, kind: str) -> dict[str, Any]:
    return {"id": about.id, "object": kind, "created": about.created, "model": about.model}


def _count(usage: Mapping[str, Any], *names: str) -> int:
    return next((usage[name] for name in names if type(usage.get(name)) is int), 0)
