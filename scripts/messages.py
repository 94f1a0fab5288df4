"""Keeps the translations in step with the sources, without the programs of GNU gettext.

Usage: python -m scripts.messages   (`make messages`)

Writes each `locale/*/LC_MESSAGES/django.po` anew with the messages that the sources hold now, and compiles the
`django.mo` beside it, which is committed: `make run` needs no compiler. Says which messages want a translation; add it
to the .po file, and run this again.
"""

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from babel.messages import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT: Final = Path(__file__).resolve().parent.parent
_WITH_CONTEXT: Final = ((1, "c"), 2)
KEYWORDS: Final = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy")),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), _WITH_CONTEXT),
}


def main() -> int:
    wanted = 0
    for path in catalogues():
        catalogue = updated(path)
        path.write_bytes(as_po(catalogue))
        path.with_suffix(".mo").write_bytes(as_mo(catalogue))
        for message in untranslated(catalogue):
            wanted += 1
            print(f"{path.relative_to(ROOT)} wants a translation of {message.id!r}", file=sys.stderr)
    return 1 if wanted else 0


def catalogues() -> list[Path]:
    return sorted(ROOT.glob("locale/*/LC_MESSAGES/django.po"))


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parts[-3])


def updated(path: Path) -> Catalog:
    """The translations in a .po file, of the messages that the sources hold now."""
    catalogue, now = read(path), messages_in_sources()
    catalogue.update(now, no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    return catalogue


def untranslated(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id and (message.fuzzy or not _is_translated(message))]


def as_po(catalogue: Catalog) -> bytes:
    file = io.BytesIO()
    write_po(file, catalogue, width=120, include_lineno=False)
    return file.getvalue()


def as_mo(catalogue: Catalog) -> bytes:
    file = io.BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def messages_in_sources() -> Catalog:
    """Every message of the package and of the templates, and the files that it is in."""
    found = Catalog()
    for path in sorted([*(ROOT / "playground").rglob("*.py"), *(ROOT / "templates").rglob("*.html")]):
        for message, context in _messages_in(path):
            found.add(message, context=context, locations=[(path.relative_to(ROOT).as_posix(), 1)])
    return found


def _messages_in(path: Path) -> Iterator[tuple[str | tuple[str, ...], str | None]]:
    """Each with its context, if it has one."""
    source = path.read_text()
    if path.suffix == ".html":  # calls of gettext among the crossed-out rest, whose indents would be no Python
        source = "\n".join(line.strip() for line in templatize(source, origin=str(path)).splitlines())
    for _line, message, _comments, context in extract("python", io.BytesIO(source.encode()), KEYWORDS):
        yield message, context


def _is_translated(message: Message) -> bool:
    return all(message.string) if isinstance(message.string, tuple | list) else bool(message.string)


if __name__ == "__main__":
    sys.exit(main())
