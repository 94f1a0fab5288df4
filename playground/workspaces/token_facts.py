"""What tokens are about and this app cannot know: which connections there are, and what tokens have used.

The apps above register it, each once, in its `ready`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence

from playground.workspaces.models import ApiToken, Workspace

Names = Callable[[Workspace], Sequence[str]]
"""The names of the connections that a token of the workspace can be limited to. Reads the database."""
Used = Callable[[Collection[ApiToken]], Mapping[int, int]]
"""By token id: the tokens of prompts and answers that it used today; what used none may be left out."""

_names: list[Names] = []
_used: list[Used] = []


def register_connections(names: Names) -> None:
    _names[:] = [names]


def register_use(used: Used) -> None:
    _used[:] = [used]


def connection_names(workspace: Workspace) -> list[str]:
    return [name for names in _names for name in names(workspace)]


def used_today(tokens: Collection[ApiToken]) -> dict[int, int]:
    return {token_id: count for used in _used for token_id, count in used(tokens).items()}
