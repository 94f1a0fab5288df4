"""Why an answer stopped. A recording keeps the provider's own word; this is what the words mean in OpenAI's.

The dialects (`providers.dialects`, `finish_reasons`) say the same of their own; a test holds both together.
"""

from collections.abc import Mapping
from typing import Final

COMMON: Final[Mapping[str, str]] = {
    # Anthropic
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
    # OpenAI: responses, and functions before there were tools; Text Generation Inference
    "completed": "stop",
    "eos_token": "stop",
    "max_output_tokens": "length",
    "function_call": "tool_calls",
    # Gemini
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "LANGUAGE": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_RECITATION": "content_filter",
    # Cohere
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "TOOL_CALL": "tool_calls",
}


def common(reason: str | None) -> str:
    """A finish reason in OpenAI's words; one that has none is its own."""
    return COMMON.get(reason, reason) if reason else ""
