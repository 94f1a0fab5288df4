"""Log probabilities in the one shape that recordings have: a list of `{token, logprob, bytes?, top_logprobs?}`."""

from collections.abc import Mapping
from typing import Any

from playground.providers.dialects.reading import number


def normalised(value: Any) -> list[dict[str, Any]]:
    """From OpenAI chat and llama.cpp (`{content: […]}`), or from the legacy completions (`{tokens: […]}`)."""
    if not isinstance(value, dict):
        return []
    if isinstance(value.get("tokens"), list):
        return _legacy(value)
    entries = [*_list(value.get("content")), *_list(value.get("refusal"))]
    return [_entry(entry, top=True) for entry in entries if isinstance(entry, dict)]


def _entry(entry: Mapping[str, Any], *, top: bool) -> dict[str, Any]:
    shaped: dict[str, Any] = {"token": _text(entry.get("token")), "logprob": number(entry.get("logprob"))}
    if isinstance(entry.get("bytes"), list):
        shaped["bytes"] = entry["bytes"]
    if top and (others := _list(entry.get("top_logprobs"))):
        shaped["top_logprobs"] = [_entry(other, top=False) for other in others if isinstance(other, dict)]
    return shaped


def _legacy(value: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`token_logprobs` runs along `tokens`; `top_logprobs` too, as one `{token: logprob}` a token."""
    numbers, tops = _list(value.get("token_logprobs")), _list(value.get("top_logprobs"))
    shaped = []
    for index, token in enumerate(value["tokens"]):
        entry: dict[str, Any] = {
            "token": _text(token),
            "logprob": number(numbers[index]) if index < len(numbers) else None,
        }
        top = tops[index] if index < len(tops) else None
        if isinstance(top, dict) and top:
            entry["top_logprobs"] = [{"token": other, "logprob": number(logprob)} for other, logprob in top.items()]
        shaped.append(entry)
    return shaped


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
