"""More people at the same server, each with a browser session of their own."""

import json

from tests.server import Server

_MAKE = """
import json
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from playground.accounts.models import User
from playground.workspaces.models import Membership, Workspace
user, _ = User.objects.get_or_create(username={username!r})
if {role!r}:
    Membership.objects.get_or_create(user=user, workspace=Workspace.objects.default(), defaults={{"role": {role!r}}})
session = SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.create()
print(json.dumps(session.session_key))
"""
_RETURN = """
from django.utils import timezone
from playground.workspaces.models import Membership
Membership.objects.filter(user__username="owner", workspace__slug="default").update(selected_at=timezone.now())
"""


def cookies_of(server: Server, username: str, role: str = "editor") -> list[dict[str, str]]:
    """Those of a member of the default workspace, signed in; of somebody in no workspace, if `role` is ""."""
    key = json.loads(server.manage("shell", "-v0", "-c", _MAKE.format(username=username, role=role)))
    return [{"name": "sessionid", "value": key, "url": server.base_url}]


def back_in_the_default_workspace(server: Server) -> None:
    """Where the other tests expect the owner: a new workspace is entered by whoever makes it."""
    server.manage("shell", "-v0", "-c", _RETURN)
