"""A recorded answer as one whole object of OpenAI's API: a chat completion, or a legacy completion."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from playground.interchange.openai_chunks import (
    About,
    chat_logprobs,
    finish_reason,
    legacy_logprobs,
    openai_usage,
)
from playground.recording.events import EventData


class Choice:
    """What one choice of an answer adds up to."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.reasoning: list[str] = []
        self.refusal: list[str] = []
        self.calls: dict[int, dict[str, Any]] = {}
        self.logprobs: list[Mapping[str, Any]] = []
        self.citations: list[Any] = []

    def add(self, data: Mapping[str, Any]) -> None:
        for texts, name in ((self.text, "text"), (self.reasoning, "reasoning"), (self.refusal, "refusal")):
            if data.get(name):
                texts.append(data[name])
        self.logprobs += data.get("logprobs", ())
        self.citations += data.get("citations", ())
        if piece := data.get("tool_call"):
            call = self.calls.setdefault(piece["index"], {"id": "", "name": "", "arguments": ""})
            call["id"] = call["id"] or piece.get("id", "")
            call["name"] = call["name"] or piece.get("name", "")
            call["arguments"] += piece.get("arguments", "")

    def message(self) -> dict[str, Any]:
        text = "".join(self.text)
        message: dict[str, Any] = {
            "role": "assistant",
            "content": None if not text and (self.calls or self.refusal) else text,
            "refusal": "".join(self.refusal) or None,
        }
        if self.reasoning:
            message["reasoning_content"] = "".join(self.reasoning)
        if self.citations:
            message["citations"] = self.citations
        if self.calls:
            message["tool_calls"] = [
                {
                    "id": call["id"] or f"call_{index}",
                    "type": "function",
                    "function": {"name": call["name"], "arguments": call["arguments"]},
                }
                for index, call in sorted(self.calls.items())
            ]
        return message


def choices_of(chunks: Iterable[EventData]) -> list[Choice]:
    """The choices of one run by their number, from the data of its chunk events; there is always a first."""
    found = {0: Choice()}
    for data in chunks:
        fields: Mapping[str, Any] = {"text": data} if isinstance(data, str) else data
        found.setdefault(fields.get("choice", 0), Choice()).add(fields)
    return [choice for _, choice in sorted(found.items())]


def chat_completion(
    about: About, choices: Sequence[Choice], reason: str | None, usage: Mapping[str, Any] | None
) -> dict[str, Any]:
    """`reason` as for `finish_reason`; it is that of all choices, since a recording keeps one."""
    shaped = [
        {
            "index": index,
            "message": choice.message(),
            "logprobs": chat_logprobs(choice.logprobs) if choice.logprobs else None,
            "finish_reason": finish_reason(reason, has_calls=bool(choice.calls)),
        }
        for index, choice in enumerate(choices)
    ]
    return _whole(about, "chat.completion", shaped, usage)


def text_completion(
    about: About, answers: Sequence[tuple[Sequence[Choice], str | None]], usage: Mapping[str, Any] | None
) -> dict[str, Any]:
    """`answers`: of each prompt, its choices and its finish reason."""
    flat = [(choice, reason) for choices, reason in answers for choice in choices]
    shaped = [
        {
            "index": index,
            "text": "".join(choice.text) or "".join(choice.refusal),
            "logprobs": legacy_logprobs(choice.logprobs) if choice.logprobs else None,
            "finish_reason": finish_reason(reason, has_calls=False),
        }
        for index, (choice, reason) in enumerate(flat)
    ]
    return _whole(about, "text_completion", shaped, usage)


def total_usage(usages: Sequence[Mapping[str, Any] | None]) -> dict[str, Any] | None:
    """The sum over several runs; None if one of them told none."""
    shaped = [openai_usage(usage) for usage in usages if usage is not None]
    if not shaped or len(shaped) < len(usages):
        return None
    if len(shaped) == 1:
        return shaped[0]
    return {name: sum(one[name] for one in shaped) for name in ("prompt_tokens", "completion_tokens", "total_tokens")}


def _whole(
    about: About, kind: str, choices: Sequence[Mapping[str, Any]], usage: Mapping[str, Any] | None
) -> dict[str, Any]:
    whole = {"id": about.id, "object": kind, "created": about.created, "model": about.model, "choices": choices}
    return whole if usage is None else {**whole, "usage": openai_usage(usage)}
