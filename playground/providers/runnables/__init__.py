"""LangChain's Runnables as models: chat models, LLMs, chains, agents. LangChain itself is optional."""

from playground.providers.runnables.driver import stream_runnable
from playground.providers.runnables.loading import GIVEN, check_runnable, is_installed
from playground.providers.runnables.thread import close

__all__ = [
    "DIALECT",
    "EXAMPLE",
    "FINISH_REASONS",
    "GIVEN",
    "check_runnable",
    "close",
    "is_installed",
    "stream_runnable",
]

DIALECT = "langchain"
EXAMPLE = "package.module:object"

# What models say through LangChain, in OpenAI's words; as `Dialect.finish_reasons`.
FINISH_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "STOP": "stop",
    "COMPLETE": "stop",
    "max_tokens": "length",
    "MAX_TOKENS": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
    "SAFETY": "content_filter",
}
