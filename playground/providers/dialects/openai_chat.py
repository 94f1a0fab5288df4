"""`openai-chat`: POST /chat/completions, the dialect that most servers speak."""

from typing import Any

from playground.providers.dialects.openai import OpenAI
from playground.providers.request import GenerationRequest


class OpenAIChat(OpenAI):
    name = "openai-chat"
    label = "OpenAI chat completions"
    path = "/chat/completions"

    def body(self, request: GenerationRequest) -> dict[str, Any]:
        parameters = request.parameters
        return {
            "messages": [{"role": m.role, "content": m.content, **m.extra} for m in request.messages],
            "tools": list(parameters.tools) or None,
            "tool_choice": parameters.tool_choice,
            "logprobs": True if parameters.logprobs else None,
            "top_logprobs": parameters.top_logprobs if parameters.logprobs else None,
        }
