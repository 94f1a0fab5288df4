"""The catalogues hold every message of the sources, translated; what is compiled is what is written."""

import ast
import gettext
import re
import string
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages import Message
from django.conf import settings
from django.template.base import Lexer, TokenType

from playground.connections.embedded.errors import EmbeddedModelFailed, EmbeddedModelUnavailable
from playground.connections.problems import NAMES as ERROR_NAMES
from playground.connections.problems import PART_SENTENCES, SENTENCES
from playground.providers.errors import BadAnswer, BadConnection, NotConnected, ProviderError, TimedOut, Truncated
from scripts.messages import ROOT, catalogues, messages_in_sources, read, untranslated

CATALOGUES = catalogues()
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SHOWN = {"alt", "aria-label", "aria-description", "placeholder", "title", "label"}
# Names of the field, of formats, of the API and of units, the two sides of a comparison, the number of a version.
NAMES = {"TTFT", "p50", "p99", "seq", "t", "Δ", "ms", "s", "n =", "connection/model", "A", "B", "v"}
NAMES |= {"HTML", "JSON", "Markdown", "PNG", "SVG"}
NOT_WORDS = {"page_class", "body_class", "body_attributes"}  # blocks that hold what no one reads
RUN = "run `make messages`"


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
class TestCatalogue:
    def test_has_the_messages_of_the_sources_and_no_other(self, path: Path) -> None:
        written = {(message.context, message.id) for message in read(path) if message.id}
        wanted = {(message.context, message.id) for message in messages_in_sources() if message.id}
        assert written == wanted, RUN

    def test_translates_all_of_them(self, path: Path) -> None:
        assert not [message.id for message in untranslated(read(path))]

    def test_keeps_the_placeholders(self, path: Path) -> None:
        for message in read(path):
            for original, translation in pairs(message):
                assert placeholders(translation) == placeholders(original), original

    def test_is_what_is_compiled(self, path: Path) -> None:
        with path.with_suffix(".mo").open("rb") as file:
            compiled = gettext.GNUTranslations(file)
        catalogue = read(path)
        for message in catalogue:
            if message.id and message.context:
                assert compiled.pgettext(message.context, message.id) == message.string, RUN
            elif message.id and isinstance(message.string, str):
                assert compiled.gettext(message.id) == message.string, RUN
            elif message.id:
                forms = {compiled.ngettext(*message.id, number) for number in range(200)}
                assert forms == set(message.string), RUN
        assert len([key for key in compiled._catalog if key]) == sum(  # type: ignore[attr-defined]
            catalogue.num_plurals if message.pluralizable else 1 for message in catalogue if message.id
        ), RUN


def pairs(message: Message) -> list[tuple[str, str]]:
    if isinstance(message.id, str):
        return [(message.id, str(message.string))]
    return [(message.id[-1], translation) for translation in message.string]


def placeholders(text: str) -> list[str]:
    named = [f"{{{name}:{spec}}}" for _text, name, spec, _conversion in string.Formatter().parse(text) if name]
    return sorted([*named, *re.findall(r"%(?:\(\w+\))?[#0 +-]*[\d.]*[diouxXeEfFgGcrs%]", text.replace("% ", ""))])


def test_every_language_of_the_menu_has_a_catalogue() -> None:
    assert {code for code, _name in settings.LANGUAGES} == {"en", *(code_of(path) for path in CATALOGUES)}


def code_of(path: Path) -> str:
    return path.parts[-3].lower().replace("_", "-")


def test_every_error_that_can_be_recorded_has_a_sentence() -> None:
    kinds = [ProviderError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    abstract = {ProviderError, BadConnection, NotConnected, TimedOut, BadAnswer, Truncated}
    assert EmbeddedModelUnavailable in kinds
    assert EmbeddedModelFailed in kinds
    recorded = {kind.code for kind in kinds if kind not in abstract}
    assert recorded <= set(SENTENCES)
    assert set(PART_SENTENCES) <= set(SENTENCES)
    assert recorded <= set(ERROR_NAMES)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(ROOT / "templates").as_posix())
def test_no_words_of_a_template_are_left_out(path: Path) -> None:
    words = Words()
    words.feed(markup(path))
    assert set(words.found) <= NAMES


def markup(path: Path) -> str:
    """A template without its tags and variables, and without what is translated, a comment, or the name of a class."""
    kept: list[str] = []
    ends_with = ""
    for token in Lexer(path.read_text()).tokenize():
        name, *arguments = token.contents.split() or [""]
        if token.token_type == TokenType.TEXT and not ends_with:
            kept.append(token.contents)
        elif token.token_type == TokenType.BLOCK and name == ends_with:
            ends_with = ""
        elif token.token_type == TokenType.BLOCK and (
            name in {"blocktranslate", "comment"} or (name == "block" and arguments[0] in NOT_WORDS)
        ):
            ends_with = f"end{name}"
    return "".join(kept)


class Words(HTMLParser):
    """Collects what a person would read, but for the names of keys."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._in_key = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_key = tag == "kbd"
        self._add(*(value or "" for name, value in attrs if name in SHOWN))

    def handle_endtag(self, tag: str) -> None:
        self._in_key = False

    def handle_data(self, data: str) -> None:
        if not self._in_key:
            self._add(data)

    def _add(self, *texts: str) -> None:
        for text in texts:
            parts = (re.sub(r"^[<≥–\d\s]+", "", part).strip() for part in re.split(r"[\n·]", text))
            self.found += [part for part in parts if any(character.isalpha() for character in part)]


def test_no_message_hides_in_an_f_string() -> None:
    """There, the programs that extract messages do not look."""
    for path in (ROOT / "playground").rglob("*.py"):
        for string_ in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.JoinedStr)):
            calls = [node for node in ast.walk(string_) if isinstance(node, ast.Call)]
            assert not [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "_"], path
