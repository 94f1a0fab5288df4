"""What a dialect does not know is left out and named; what asks for nothing is left out in silence."""

from typing import Any

import pytest

from playground.providers.openai_fields import fitted
from playground.providers.request import GenerationRequest, Message, Parameters


def fit(dialect: str, extra: dict[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    request = GenerationRequest("m", (Message("user", "Hi"),), Parameters(temperature=0.5, extra=extra))
    kept, left_out = fitted(dialect, request)
    assert kept.parameters.temperature == 0.5
    return dict(kept.parameters.extra), left_out


@pytest.mark.parametrize(
    ("dialect", "extra", "kept", "left_out"),
    [
        ("openai-chat", {"n": 2, "own_field": 1}, {"n": 2, "own_field": 1}, ()),
        ("openai-chat", {"best_of": 3, "suffix": "x"}, {}, ("best_of", "suffix")),
        ("openai-chat", {"best_of": 1, "echo": False}, {}, ()),
        ("openai-completions", {"best_of": 3, "response_format": {}}, {"best_of": 3}, ("response_format",)),
        ("anthropic", {"frequency_penalty": 0, "n": 2, "thinking": {}}, {"n": 2, "thinking": {}}, ()),  # and tells it
        ("gemini", {"n": 1, "presence_penalty": 0.5}, {"presence_penalty": 0.5}, ()),  # which translates it
        ("ollama", {"best_of": 2, "echo": False}, {}, ("best_of",)),
        ("ollama", {}, {}, ()),
    ],
)
def test_fields(dialect: str, extra: dict[str, Any], kept: dict[str, Any], left_out: tuple[str, ...]) -> None:
    assert fit(dialect, extra) == (kept, left_out)
