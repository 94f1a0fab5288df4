"""Which of LangChain's Runnables a connection may name: those that whoever runs the playground allows."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from playground.connections.problems import explain
from playground.errors import InvalidField
from playground.providers.errors import BadConnection
from playground.providers.runnables import DIALECT, check_runnable


def allowed() -> list[str]:
    names: list[str] = settings.PLAYGROUND_RUNNABLES
    return names


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
