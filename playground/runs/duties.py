"""What other apps have the engine do for as long as it runs. The engine owns the tasks: it cancels and awaits them."""

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playground.runs.engine import Engine

Duty = Callable[["Engine"], Coroutine[Any, Any, None]]

_duties: dict[str, Duty] = {}


def register(name: str, duty: Duty) -> None:
    """Called once, by the `ready` of the app whose duty it is. It must end only when it is cancelled."""
    _duties[name] = duty


def registered() -> list[tuple[str, Duty]]:
    return list(_duties.items())
