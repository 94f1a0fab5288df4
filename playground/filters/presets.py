"""Rules to start from."""

from typing import Any, Final, NamedTuple

from django.utils.translation import gettext_lazy as _


class Preset(NamedTuple):
    """`before` and `after` show what it does. `part`: "text" or "reasoning"."""

    key: str
    name: Any
    pattern: str
    replacement: str
    before: str
    after: str
    part: str = "text"


PRESETS: Final = (
    Preset(
        "think",
        _("Strip <think>…</think>"),
        r"(?s)<think>.*?</think>\s*",
        "",
        "<think>Two and two…</think>\n\nFour.",
        "Four.",
    ),
    Preset(
        "ansi",
        _("Strip terminal colours (ANSI codes)"),
        r"\x1b\[[0-9;?]*[A-Za-z]",
        "",
        "\x1b[1;32mok\x1b[0m",
        "ok",
    ),
    Preset("blank-lines", _("One blank line at most"), r"\n(?:[ \t]*\n){2,}", r"\n\n", "one\n\n \n\ntwo", "one\n\ntwo"),
    Preset("trailing", _("No spaces at the end of lines"), r"[ \t]+\n", r"\n", "one  \ntwo", "one\ntwo"),
    Preset("comma", _("Full-width comma to a plain one"), "\uff0c ?", ", ", "\u4e00\uff0c\u4e8c", "\u4e00, \u4e8c"),
    Preset("full-stop", _("Ideographic full stop to a plain one"), "\u3002 ?", ". ", "\u4e00\u3002", "\u4e00. "),
    Preset("bold", _("Markdown bold to plain text"), r"\*\*([^*\n]+)\*\*", r"\1", "a **bold** word", "a bold word"),
    Preset(
        "heading",
        _("Markdown headings to plain lines"),
        r"(?m)^#{1,6} +",
        "",
        "## Answer\n# Four",
        "Answer\nFour",
    ),
    Preset(
        "e-mail",
        _("Hide e-mail addresses"),
        r"\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}",
        "[e-mail]",
        "Write to ada@example.org.",
        "Write to [e-mail].",
    ),
    Preset(
        "link", _("Markdown links to their text"), r"\[([^\]\n]+)\]\([^)\s]+\)", r"\1", "[docs](https://x.org)", "docs"
    ),
)
