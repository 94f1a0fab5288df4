"""Which request fields of OpenAI's API a dialect can take, for a program that asks every model as if it were OpenAI's.

A field that OpenAI's API knows is only passed on where the dialect knows it too: many servers refuse a request for a
field they do not know. A field that OpenAI does not know is the provider's own, and always passed on. Dialects that are
not in `TAKEN` translate what they can of a chat's fields, and tell the rest themselves.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from playground.providers.request import GenerationRequest

_BOTH: Final = frozenset({"frequency_penalty", "logit_bias", "n", "presence_penalty", "stream_options", "user"})
_ONLY_COMPLETIONS: Final = frozenset({"best_of", "echo", "suffix"})
_COMPLETIONS: Final = _BOTH | _ONLY_COMPLETIONS
_CHAT: Final = _BOTH | {
    "audio", "function_call", "functions", "max_completion_tokens", "metadata", "modalities", "parallel_tool_calls",
    "prediction", "prompt_cache_key", "reasoning_effort", "response_format", "safety_identifier", "service_tier",
    "store", "verbosity", "web_search_options",
}  # fmt: skip
KNOWN: Final = _CHAT | _COMPLETIONS
TAKEN: Final[Mapping[str, frozenset[str]]] = {
    "openai-chat": _CHAT,
    "openai-completions": _COMPLETIONS,
}
# What asks for nothing that a model would not do anyway: left out in silence.
_NOTHING: Final[Mapping[str, Any]] = {
    "best_of": 1,
    "echo": False,
    "frequency_penalty": 0,
    "logit_bias": {},
    "n": 1,
    "parallel_tool_calls": True,
    "presence_penalty": 0,
    "store": False,
}


def fitted(dialect: str, request: GenerationRequest) -> tuple[GenerationRequest, tuple[str, ...]]:
    """`request` without what its dialect does not know, and the names of what was left out of it."""
    extra, taken = request.parameters.extra, TAKEN.get(dialect)
    unknown = KNOWN - taken if taken is not None else _ONLY_COMPLETIONS
    idle = {name for name in extra if _asks_for_nothing(name, extra[name]) and (taken is None or name not in taken)}
    left_out = idle | (extra.keys() & unknown)
    if not left_out:
        return request, ()
    kept = {name: value for name, value in extra.items() if name not in left_out}
    told = tuple(name for name in extra if name in left_out - idle)
    return replace(request, parameters=replace(request.parameters, extra=kept)), told


def _asks_for_nothing(name: str, value: Any) -> bool:
    return name in KNOWN and (value is None or (name in _NOTHING and value == _NOTHING[name]))
