"""What the audit log tells of a change to a connection: the names of the fields, never what is in them."""

from typing import Any

from playground.connections.forms import ConnectionForm


def changed_fields(form: ConnectionForm) -> list[str]:
    """Of a valid form that is not saved yet. Browsers send other line ends than are stored: they change nothing."""
    return [name for name in form.changed_data if _lines(form[name].value()) != _lines(form[name].initial)]


def _lines(value: Any) -> Any:
    return value.strip().splitlines() if isinstance(value, str) else value
