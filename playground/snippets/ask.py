"""What a run asked, in the words of OpenAI's chat, for code that asks it again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

CALLED_ALIKE: Final = (
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


@dataclass(frozen=True, slots=True)
class Ask:
    """`base_url` includes its `/v1`; `key` names the environment variable that holds the API key.

    `parameters` are a turn's; its `extra`, which no client library knows by name, is apart.
    """

    base_url: str
    key: str
    model: str
    messages: Sequence[Mapping[str, Any]]
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def named(self) -> dict[str, Any]:
        """The parameters that OpenAI's API has, in its order."""
        return {name: self.parameters[name] for name in CALLED_ALIKE if name in self.parameters}

    @property
    def extra(self) -> dict[str, Any]:
        return dict(self.parameters.get("extra", {}))

    @property
    def body(self) -> dict[str, Any]:
        """The body of `POST /chat/completions` that streams the answer, with its usage."""
        asked = {"model": self.model, "messages": [dict(message) for message in self.messages], "stream": True}
        return {**asked, "stream_options": {"include_usage": True}, **self.named, **self.extra}
