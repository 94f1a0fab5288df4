"""LangChain's Runnables as models: chat models, LLMs, chains, agents. LangChain itself is optional."""

from playground.providers.runnables.driver import stream_runnable
from playground.providers.runnables.loading import GIVEN, check_importable, check_runnable, is_installed
from playground.providers.runnables.pieces import common_reason
from playground.providers.runnables.thread import close

__all__ = [
    "DIALECT",
    "EXAMPLE",
    "GIVEN",
    "check_importable",
    "check_runnable",
    "close",
    "common_reason",
    "is_installed",
    "stream_runnable",
]

DIALECT = "langchain"
EXAMPLE = "package.module:object"
