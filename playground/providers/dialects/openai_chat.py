"""`openai-chat`: POST /chat/completions, the dialect that most servers speak."""

from typing import Any

from playground.providers.dialects.openai import OpenAI
from playground.providers.request import GenerationRequest


class OpenAIChat(OpenAI):
    name = "openai-chat"
    path = "/chat/completions"

    def body(self, request: GenerationRequest) -> dict[str, Any]:
        parameters = request.parameters
        return {
            "messages": [{"role": message.role, "content": message.content} for message in request.messages],
            "logprobs": True if parameters.logprobs else None,
            "top_logprobs": parameters.top_logprobs if parameters.logprobs else None,
        }
