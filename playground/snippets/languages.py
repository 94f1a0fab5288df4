"""In which languages there is code, and how each of them is run."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from playground.snippets import curl, javascript, python_langchain, python_openai
from playground.snippets.ask import Ask


@dataclass(frozen=True, slots=True)
class Language:
    """`lexer` names how it is coloured; `install` the command that gets what it imports, "" for nothing."""

    name: str
    label: str | Promise
    lexer: str
    write: Callable[[Ask], str]
    run: str
    install: str = ""


_OPENAI: Final = "pip install openai"
_LANGCHAIN: Final = "pip install langchain-openai"

LANGUAGES: Final = {
    language.name: language
    for language in (
        Language("curl", "curl", "bash", curl.ask, "sh ask.sh"),
        Language("python", _("Python, openai"), "python", python_openai.ask, "python ask.py", _OPENAI),
        Language("stream", _("LangChain, stream"), "python", python_langchain.stream, "python ask.py", _LANGCHAIN),
        Language("astream", _("LangChain, astream"), "python", python_langchain.astream, "python ask.py", _LANGCHAIN),
        Language(
            "events",
            _("LangChain, astream_events"),
            "python",
            python_langchain.astream_events,
            "python ask.py",
            _LANGCHAIN,
        ),
        Language("javascript", "JavaScript", "javascript", javascript.ask, "node ask.mjs"),
    )
}
