"""A model's Markdown as HTML that cannot hurt the page.

Model output is hostile. Raw HTML is shown as text; links go only to http, https and mailto; images become links, so
that showing an answer fetches nothing; and what the renderer made is sanitised again. No `style`, no `id`.
"""

import re
from collections.abc import Iterator, MutableMapping, Sequence
from typing import Any, Final, NamedTuple

import nh3
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from mdit_py_plugins.tasklists import tasklists_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES

# What comes after this many characters is shown as plain text: hostile Markdown costs up to 15 µs a character.
LIMIT: Final = 60_000
# Of plain text, what a browser lays out in one go: so many characters, and on to the end of the line.
PIECE: Final = 16_384
LONGEST_PIECE: Final = 4 * PIECE
# Code of more characters than this, in a block and in all blocks of a text, is not coloured.
CODE_LIMIT: Final = 20_000
CODE_TOTAL: Final = 60_000
LEXERS: Final = frozenset(
    [
        *("bash", "c", "c++", "console", "cpp", "cs", "csharp", "css", "diff", "docker", "dockerfile", "go", "graphql"),
        *("haskell", "html", "http", "ini", "java", "javascript", "js", "json", "jsx", "kotlin", "latex", "lua"),
        *("makefile", "markdown", "md", "nginx", "objective-c", "perl", "php", "powershell", "proto", "py", "python"),
        *("python3", "r", "rb", "rs", "ruby", "rust", "scala", "sh", "shell", "sql", "swift", "toml", "ts", "tsx"),
        *("typescript", "xml", "yaml", "yml", "zsh"),
    ]
)
SCHEMES: Final = frozenset({"http", "https", "mailto"})

_TAGS: Final = frozenset(
    [
        *("a", "blockquote", "br", "code", "del", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "input", "li"),
        *("ol", "p", "pre", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"),
    ]
)
# Line ends in a paragraph are kept on the page; those between blocks would become empty lines.
_BETWEEN_BLOCKS: Final = re.compile(
    r"\n+(?=</?(?:ul|ol|li|p|blockquote|pre|table|thead|tbody|tr|td|th|div|h[1-6]|hr)\b)"
)
_FENCE: Final = re.compile(r" {0,3}(?P<mark>`{3,}|~{3,})(?P<info>.*)$")
_ALIGNMENTS: Final = {f"text-align:{side}": f"prose__cell--{side}" for side in ("left", "center", "right")}


def _attribute(tag: str, name: str, value: str) -> str | None:
    """The attributes whose values need a look. None drops the attribute."""
    if tag == "code" and name == "class":
        language = value.removeprefix("language-")
        return value if language != value and language.replace("-", "").replace("+", "").isalnum() else None
    if tag == "div" and name == "tabindex":
        return "0"
    return value


_SANITIZER: Final = nh3.Cleaner(
    tags=set(_TAGS),
    clean_content_tags={"script", "style"},
    attributes={"a": {"href", "title"}, "ol": {"start"}, "code": {"class"}, "div": {"tabindex"}, "input": {"checked"}},
    attribute_filter=_attribute,
    allowed_classes={
        "span": {name for name in STANDARD_TYPES.values() if name},
        "td": set(_ALIGNMENTS.values()),
        "th": set(_ALIGNMENTS.values()),
        "a": {"prose__image"},
        "div": {"prose__table"},
        "li": {"task-list-item"},
        "ul": {"contains-task-list"},
    },
    set_tag_attribute_values={
        "a": {"target": "_blank"},
        "input": {"type": "checkbox", "disabled": "disabled"},
        "pre": {"tabindex": "0"},  # wide code scrolls on its own, by keyboard too
    },
    link_rel="noopener noreferrer nofollow",
    url_schemes=set(SCHEMES),
    url_relative="deny",
)


_NOTE: Final = gettext_lazy("The rest of this long answer is shown as plain text.")


class Piece(NamedTuple):
    """Text that a reader sees, and as it was written: at `line_start`, a code point, or later."""

    shown: str
    written: str
    line_start: int


def render_markdown(text: str) -> SafeString:
    """CommonMark with tables, strikethrough and task lists. Takes well under a second whatever the text is."""
    head, rest = _split(text)
    html = _SANITIZER.clean(_BETWEEN_BLOCKS.sub("", _PARSER.render(head, {"code_left": CODE_TOTAL})))
    if not rest:
        return mark_safe(html)  # noqa: S308  (sanitised in the line above)
    return format_html(
        '{}<p class="prose__note">{}</p><pre class="prose__rest" tabindex="0">{}</pre>',
        mark_safe(html),  # noqa: S308  (sanitised above)
        _NOTE,
        _in_pieces(rest),
    )


def pieces(text: str) -> Iterator[Piece]:
    """What a reader sees of `render_markdown(text)`, in order; white space between the pieces is left out.

    What was not written, such as the name of an image that has none, is `written` as "".
    """
    head, rest = _split(text)
    starts = [0, *(match.end() for match in re.finditer("\n", head))]
    for token in _WRITTEN.parse(head):
        line_start = starts[min(token.map[0], len(starts) - 1)] if token.map else 0
        if token.type in ("fence", "code_block"):
            yield from (Piece(line, line, line_start) for line in token.content.split("\n"))
        for child in token.children or ():
            shown, written = _seen(child)
            yield Piece(shown, written, line_start)
    if rest:
        yield Piece(str(_NOTE), "", len(head))
        yield Piece(rest, rest, len(text) - len(rest))


def open_fence(text: str) -> str:
    """The line that opened the block of code in which `text` ends; "" if it ends in none."""
    opened = ""
    for line in text.split("\n"):
        found = _FENCE.match(line)
        if found is None:
            continue
        if not opened:
            opened = line.strip() if "`" not in found["info"] else ""
        elif found["mark"].startswith(_FENCE.match(opened)["mark"]) and not found["info"].strip():  # type: ignore[index]
            opened = ""
    return opened


def _seen(token: Token) -> tuple[str, str]:
    if token.type == "text_special":
        return token.content, token.markup
    if token.type == "image":
        alt = _WRITTEN.renderer.renderInlineAsText(token.children or [], _WRITTEN.options, {})  # type: ignore[attr-defined]
        return (alt, alt) if alt else (_image_name(), "")
    return (token.content, token.content) if token.type in ("text", "code_inline") else ("", "")


def _split(text: str) -> tuple[str, str]:
    """Cut a long text at the last blank line before the limit, or else the last line, or else the limit."""
    if len(text) <= LIMIT:
        return text, ""
    for separator in ("\n\n", "\n", " "):
        at = text.rfind(separator, LIMIT // 2, LIMIT)
        if at >= 0:
            return text[:at], text[at + len(separator) :]
    return text[:LIMIT], text[LIMIT:]


def _in_pieces(text: str) -> SafeString | str:
    """A long plain text as elements that a browser lays out one by one, with nothing between them."""
    if len(text) <= LONGEST_PIECE:
        return text
    cuts, at = [], 0
    while at < len(text):
        end = text.find("\n", at + PIECE, at + LONGEST_PIECE) + 1 or at + LONGEST_PIECE
        cuts.append((text[at:end],))
        at = end
    return format_html_join("", '<span class="piece">{}</span>', cuts)


def _allowed_link(url: str) -> bool:
    scheme, colon, _rest = url.partition(":")
    return bool(colon) and scheme.strip().lower() in SCHEMES


def _image_name() -> str:
    return _("image")


def _image_as_link(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]
) -> str:
    token = tokens[index]
    alt = self.renderInlineAsText(token.children or [], options, env) or _image_name()
    source = str(token.attrs.get("src", ""))
    if not _allowed_link(source):
        return str(conditional_escape(alt))
    return format_html('<a class="prose__image" href="{}">{}</a>', source, alt)


def _fence(self: RendererHTML, tokens: Sequence[Token], index: int, _options: Any, env: Any) -> str:
    token = tokens[index]
    words = token.info.split(maxsplit=1)
    language = words[0].lower() if words else ""
    body = _coloured(token.content, language, env)
    return format_html('<pre><code class="language-{}">{}</code></pre>\n', language or "text", body)


def _coloured(code: str, language: str, env: dict[str, int]) -> SafeString:
    if language not in LEXERS or len(code) > min(CODE_LIMIT, env["code_left"]):
        return conditional_escape(code)
    env["code_left"] -= len(code)
    html = highlight(code, get_lexer_by_name(language, stripnl=False, ensurenl=False), HtmlFormatter(nowrap=True))
    return mark_safe(html)  # noqa: S308  (Pygments escapes, and the sanitiser follows)


def _classes_for_styles(state: StateCore) -> None:
    """Tables align their cells by `style`, which the page's CSP forbids."""
    for token in state.tokens:
        if token.type in ("td_open", "th_open") and (style := token.attrs.pop("style", None)):
            token.attrs["class"] = _ALIGNMENTS.get(str(style), "")


def _no_empty_headings(state: StateCore) -> None:
    """An answer that is cut behind “##” has no heading yet; a screen reader would announce one without words."""
    kept: list[Token] = []
    tokens = iter(state.tokens)
    for token in tokens:
        if token.type == "heading_open":
            words, end = next(tokens), next(tokens)
            kept += [token, words, end] if words.content else []
        else:
            kept.append(token)
    state.tokens = kept


def _wrapped_table(_self: RendererHTML, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    """Wide tables scroll on their own, by keyboard too."""
    return '<div class="prose__table" tabindex="0"><table>\n' if tokens[index].nesting == 1 else "</table></div>\n"


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).use(tasklists_plugin)
    parser.validateLink = _allowed_link  # type: ignore[method-assign]
    parser.core.ruler.push("classes_for_styles", _classes_for_styles)
    parser.core.ruler.push("no_empty_headings", _no_empty_headings)
    parser.add_render_rule("image", _image_as_link)
    parser.add_render_rule("fence", _fence)
    parser.add_render_rule("table_open", _wrapped_table)
    parser.add_render_rule("table_close", _wrapped_table)
    return parser


_PARSER: Final = _parser()
_WRITTEN: Final = _parser()
_WRITTEN.core.ruler.disable(
    "text_join"
)  # escapes and entities stay tokens of their own, which know how they were written
