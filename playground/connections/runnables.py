"""Which of LangChain's Runnables a connection may name: those that whoever runs the playground allows."""

from collections.abc import Iterator
from functools import cache

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from playground.connections.problems import explain
from playground.errors import InvalidField
from playground.providers.errors import BadConnection
from playground.providers.runnables import DIALECT, check_importable, check_runnable


def allowed() -> list[str]:
    names: list[str] = settings.PLAYGROUND_RUNNABLES
    return names


class Offered:
    """The choices of a list of Runnables, found out when the list is written: their modules are imported then, once."""

    def __iter__(self) -> Iterator[tuple[str, str]]:
        yield "", _("Choose one") if allowed() else none_allowed()
        for name in allowed():
            problem = _import_problem(name)
            yield name, _unusable(name, *problem) if problem else name


@cache
def _import_problem(name: str) -> tuple[str, str] | None:
    """The code and the message of why it cannot be imported, as it was when this was first asked in this process."""
    try:
        check_importable(name)
    except BadConnection as error:
        return error.code, error.message
    return None


def _unusable(name: str, code: str, message: str) -> str:
    return _("%(name)s — cannot be imported. %(why)s") % {"name": name, "why": explain(code, message)}


def require_allowed(dialect: str, base_url: str) -> None:
    """The list may have become shorter since a connection was made. Raises InvalidField("model", …)."""
    if dialect == DIALECT and _name(base_url) not in allowed():
        raise InvalidField("model", not_allowed(base_url), base_url)


def usable(text: str) -> str:
    """`text`, once the Runnable that it names is allowed and can be loaded. Raises ValidationError with what to change.

    Loads it, which runs the module that it is in.
    """
    text = text.strip()
    if not text:
        raise ValidationError(_("Choose a Runnable.") if allowed() else none_allowed())
    if _name(text) not in allowed():
        raise ValidationError(not_allowed(text))
    try:
        check_runnable(text)
    except BadConnection as error:
        raise ValidationError(explain(error.code, error.message)) from None
    return text


def not_allowed(text: str) -> str:
    if not allowed():
        return none_allowed()
    return _("“%(name)s” is not among the Runnables that are allowed here (PLAYGROUND_RUNNABLES): %(names)s.") % {
        "name": _name(text)[:200],
        "names": ", ".join(allowed()),
    }


def none_allowed() -> str:
    return _("No Runnable is allowed here: name some in the setting PLAYGROUND_RUNNABLES, as package.module:object.")


def _name(text: str) -> str:
    return text.partition("#")[0]
