"""What is asked of a model, in words that fit every dialect."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class Message:
    """`extra`: what else a message says, in the words of OpenAI's chat (`tool_calls`, `tool_call_id`, `name`, …)."""

    role: Role
    content: str
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parameters:
    """Sampling parameters; None leaves a parameter to the provider.

    `tools` and `tool_choice` are in the shape of OpenAI's chat; each dialect says them in its own. `extra` goes into
    the body as it is.
    """

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    logprobs: bool = False
    top_logprobs: int | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    tools: tuple[Mapping[str, Any], ...] = ()
    tool_choice: str | Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """`model` is the upstream's own name of the model (what follows the first "/" of a model id).

    `continues`: how many characters of the answer are there already, in the last message of the assistant, to go on
    from; where a dialect can, without another message after it: see `continuation`.
    """

    model: str
    messages: tuple[Message, ...]
    parameters: Parameters = Parameters()
    stream: bool = True
    continues: int = 0
