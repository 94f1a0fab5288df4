"""What LangChain's messages and chunks say, as the chunks of a recording and as OpenAI's usage."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from playground.providers.dialects.base import CONTENT_FILTER
from playground.providers.runnables.plain import plain, text

# The keys under which chains put their answer; LangChain marks objects that come piece by piece as AddableDict.
ANSWERS: Final = ("answer", "output", "text", "result", "response")

# What providers say through LangChain, in OpenAI's words; as `Dialect.finish_reasons`.
_FINISH_REASONS: Final[Mapping[str, str]] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "STOP": "stop",
    "COMPLETE": "stop",
    "max_tokens": "length",
    "MAX_TOKENS": "length",
    "tool_use": "tool_calls",
    "TOOL_CALL": "tool_calls",
    "refusal": CONTENT_FILTER,
    "SAFETY": CONTENT_FILTER,
}

Calls = dict[tuple[str, Any], int]
"""The index of a tool call in the whole answer, by its step and its index or id there."""


def pieces(chunk: object, step: str, calls: Calls) -> Iterator[dict[str, Any]]:
    """What a streamed chunk adds to the answer: text, reasoning, refusals, tool calls. Nothing for what is no text."""
    if isinstance(chunk, str):
        if chunk:
            yield {"text": text(chunk)}
    elif _is_message(chunk):
        yield from _of_message(chunk, step, calls)
    elif type(chunk).__name__ == "AddableDict" and isinstance(chunk, Mapping):
        for name in ANSWERS:
            if name in chunk:
                yield from pieces(chunk[name], step, calls)
                return


def whole(output: object, step: str, calls: Calls) -> list[dict[str, Any]]:
    """An answer that did not stream. What holds no text is given as JSON."""
    answer = _answer_in(output)
    found = list(pieces(answer, step, calls))
    if found or answer is None or answer == "" or _is_message(answer):
        return found
    return [{"text": json.dumps(plain(answer), ensure_ascii=False, indent=2)}]


def usage_of(output: object) -> dict[str, Any] | None:
    """The usage that a model's output tells, in OpenAI's words."""
    told = getattr(output, "usage_metadata", None)
    if isinstance(told, Mapping):
        details = {
            "prompt_tokens_details": _renamed(told.get("input_token_details"), {"cache_read": "cached_tokens"}),
            "completion_tokens_details": _renamed(told.get("output_token_details"), {"reasoning": "reasoning_tokens"}),
        }
        counts = {
            "prompt_tokens": told.get("input_tokens", 0),
            "completion_tokens": told.get("output_tokens", 0),
            "total_tokens": told.get("total_tokens", 0),
        }
        return counts | {name: value for name, value in details.items() if value}
    of_llm = (output.get("llm_output") or {}) if isinstance(output, Mapping) else {}
    counted = of_llm.get("token_usage") if isinstance(of_llm, Mapping) else None
    return {n: v for n, v in counted.items() if isinstance(v, int)} or None if isinstance(counted, Mapping) else None


def add_usage(one: Mapping[str, Any] | None, other: Mapping[str, Any]) -> dict[str, Any]:
    """The usage of two model calls together."""
    total = dict(one or {})
    for name, value in other.items():
        if isinstance(value, Mapping):
            total[name] = add_usage(total.get(name), value)
        elif isinstance(value, int | float):
            total[name] = total.get(name, 0) + value
    return total


def finish_reason_of(output: object) -> str | None:
    """Why a model ended, in its provider's word."""
    told = getattr(output, "response_metadata", None)
    if not isinstance(told, Mapping):
        return None
    found = next((told[name] for name in ("finish_reason", "stop_reason", "done_reason") if told.get(name)), None)
    return str(found) if found is not None else None


def common_reason(reason: str | None) -> str | None:
    """A finish reason in OpenAI's words."""
    return None if reason is None else _FINISH_REASONS.get(reason, reason)


def _is_message(value: object) -> bool:
    return hasattr(value, "content") and isinstance(getattr(value, "type", None), str)


def _of_message(message: Any, step: str, calls: Calls) -> Iterator[dict[str, Any]]:
    extra = message.additional_kwargs if isinstance(getattr(message, "additional_kwargs", None), Mapping) else {}
    if isinstance(reasoning := extra.get("reasoning_content"), str) and reasoning:
        yield {"reasoning": text(reasoning)}
    logprobs = _logprobs(message)
    for piece in _content(message.content):
        yield piece | {"logprobs": logprobs} if logprobs and "text" in piece else piece
    if isinstance(refusal := extra.get("refusal"), str) and refusal:
        yield {"refusal": text(refusal)}
    for call in _tool_calls(message):
        key = (step, call["index"])
        index = calls.setdefault(key, len(calls))
        yield {"tool_call": {**call, "index": index}}


def _content(content: object) -> Iterator[dict[str, Any]]:
    if isinstance(content, str):
        if content:
            yield {"text": text(content)}
        return
    for block in content if isinstance(content, list) else []:
        if isinstance(block, str):
            yield from _content(block)
        elif isinstance(block, Mapping):
            yield from _block(block)


def _block(block: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A content block: LangChain's own, and those of Anthropic and of OpenAI's Responses that go through it."""
    kind = block.get("type")
    if kind == "text" and block.get("text"):
        yield {"text": text(block["text"])}
    elif kind in {"reasoning", "thinking", "reasoning_content"}:
        said = block.get("reasoning") or block.get("thinking") or block.get("text")
        parts = [said] if isinstance(said, str) else [part.get("text") for part in block.get("summary") or ()]
        if joined := "".join(part for part in parts if isinstance(part, str)):
            yield {"reasoning": text(joined)}
    elif kind == "refusal" and block.get("refusal"):
        yield {"refusal": text(block["refusal"])}


def _tool_calls(message: Any) -> Iterator[dict[str, Any]]:
    chunks = getattr(message, "tool_call_chunks", None)
    if chunks is None:  # a whole message: its arguments are parsed
        made = getattr(message, "tool_calls", None) or ()
        chunks = [{**call, "args": json.dumps(plain(call.get("args")), ensure_ascii=False)} for call in made]
    for place, call in enumerate(chunks):
        index = call.get("index")
        named = {"id": call.get("id"), "name": call.get("name"), "arguments": call.get("args")}
        shown = {name: text(value) for name, value in named.items() if value}
        yield {"index": place if index is None else index, **shown}


def _logprobs(message: Any) -> list[Any] | None:
    told = getattr(message, "response_metadata", None)
    found = told.get("logprobs") if isinstance(told, Mapping) else None
    content = found.get("content") if isinstance(found, Mapping) else None
    return plain(content) if isinstance(content, list) and content else None


def _answer_in(output: object) -> object:
    """Of what a Runnable returned, what a person would call its answer."""
    if isinstance(output, Mapping):
        generations = output.get("generations")
        if isinstance(generations, list) and generations and isinstance(generations[0], list) and generations[0]:
            return generations[0][0].get("text", "") if isinstance(generations[0][0], Mapping) else ""
        messages = output.get("messages")
        if isinstance(messages, list) and messages:
            return messages[-1]
        return next((output[name] for name in ANSWERS if isinstance(output.get(name), str)), output)
    return output


def _renamed(details: object, names: Mapping[str, str]) -> dict[str, Any]:
    if not isinstance(details, Mapping):
        return {}
    return {names.get(name, name): value for name, value in details.items() if isinstance(value, int)}
