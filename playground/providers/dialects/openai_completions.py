"""`openai-completions`: POST /completions, the legacy dialect, which takes a text to continue."""

from collections.abc import Sequence
from typing import Any

from playground.providers.dialects.asking import asked_for
from playground.providers.dialects.openai import OpenAI
from playground.providers.request import GenerationRequest, Message


class OpenAICompletions(OpenAI):
    name = "openai-completions"
    label = "OpenAI completions (legacy)"
    path = "/completions"

    def body(self, request: GenerationRequest) -> dict[str, Any]:
        parameters = request.parameters
        return {
            "prompt": _prompt(request),
            "logprobs": (parameters.top_logprobs or 1) if parameters.logprobs else None,
        }

    def unsaid(self, request: GenerationRequest) -> tuple[str, ...]:
        return asked_for(request.parameters, ("tools", "tool_choice"))


def _prompt(request: GenerationRequest) -> str:
    """To go on from a part of an answer is what the dialect does anyway: the part follows the text that was sent."""
    if not request.continues or request.messages[-1].role != "assistant":
        return as_prompt(request.messages)
    *asked, part = request.messages
    return as_prompt(asked) + part.content


def as_prompt(messages: Sequence[Message]) -> str:
    """Messages as one text. A single one is the text itself; a last one by the assistant is to be continued."""
    if len(messages) == 1:
        return messages[0].content
    lines = [
        message.content if message.role == "system" else f"{message.role.capitalize()}: {message.content}"
        for message in messages
    ]
    if not messages or messages[-1].role != "assistant":
        lines.append("Assistant:")
    return "\n\n".join(lines)
