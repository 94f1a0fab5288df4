"""Who may be in which room. Asked when a socket joins, and again every few seconds while it stays."""

from collections.abc import Callable, Collection

from playground.accounts.models import User
from playground.http import uuid_of
from playground.runs.access import visible_sessions
from playground.runs.credentials import Credentials
from playground.runs.models import Session
from playground.workspaces.access import workspaces_of

Check = Callable[[User, Collection[str]], set[str]]
"""Which of these names (what follows the colon, of one kind of room) are open to the user. Reads the database."""

_checks: dict[str, Check] = {}


def register(kind: str, check: Check) -> None:
    """Called once, by the `ready` of the app that makes rooms of this kind."""
    _checks[kind] = check


def open_rooms(credentials: Credentials, rooms: Collection[str]) -> set[str]:
    """Those of `rooms` that whoever came with `credentials` may be in. Reads the database."""
    if credentials.grant is not None:
        return {*credentials.grant.rooms()} & {*rooms}
    if credentials.user is None:
        return set()
    names: dict[str, set[str]] = {}
    for room in rooms:
        kind, _, name = room.partition(":")
        names.setdefault(kind, set()).add(name)
    user = credentials.user
    found = {kind: _checks[kind](user, asked) & asked for kind, asked in names.items() if kind in _checks}
    if credentials.workspace_id is not None:
        found = _within(credentials.workspace_id, found)
    return {f"{kind}:{name}" for kind, names_of_kind in found.items() for name in names_of_kind}


def _within(workspace_id: int, found: dict[str, set[str]]) -> dict[str, set[str]]:
    """A token acts in one workspace: of rooms of a workspace or a session, those in it."""
    sessions = Session.objects.filter(workspace=workspace_id, pk__in=found.get("session", ()))
    inside = {"workspace": {str(workspace_id)}, "session": set(map(str, sessions.values_list("pk", flat=True)))}
    return {kind: names & inside.get(kind, names) for kind, names in found.items()}


def _own(user: User, names: Collection[str]) -> set[str]:
    return {str(user.pk)}


def _workspaces(user: User, names: Collection[str]) -> set[str]:
    return set(map(str, workspaces_of(user)))


def _sessions(user: User, names: Collection[str]) -> set[str]:
    ids = [name for name in names if str(uuid_of(name)) == name]
    return set(map(str, visible_sessions(user).filter(pk__in=ids).values_list("pk", flat=True)))


register("user", _own)
register("workspace", _workspaces)
register("session", _sessions)
