"""The wire formats of models. A new dialect is a module here and a line below."""

from typing import Final

from playground.providers.dialects.anthropic import Anthropic
from playground.providers.dialects.base import Dialect
from playground.providers.dialects.cohere import Cohere
from playground.providers.dialects.gemini import Gemini
from playground.providers.dialects.langserve import LangServe
from playground.providers.dialects.ollama import Ollama
from playground.providers.dialects.openai_chat import OpenAIChat
from playground.providers.dialects.openai_completions import OpenAICompletions
from playground.providers.dialects.openai_responses import OpenAIResponses
from playground.providers.errors import UnknownDialect

DIALECTS: Final[dict[str, Dialect]] = {
    OpenAIChat.name: OpenAIChat(),
    OpenAICompletions.name: OpenAICompletions(),
    OpenAIResponses.name: OpenAIResponses(),
    Anthropic.name: Anthropic(),
    Gemini.name: Gemini(),
    Ollama.name: Ollama(),
    Cohere.name: Cohere(),
    LangServe.name: LangServe(),
}


def dialect(name: str) -> Dialect:
    """Raises UnknownDialect."""
    try:
        return DIALECTS[name]
    except KeyError:
        known = ", ".join(DIALECTS)
        raise UnknownDialect(f"There is no dialect named {name}: choose one of {known}.") from None
