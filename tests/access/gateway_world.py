"""The world of the gateway's tests, made inside the server's data by `manage.py shell`, and told as JSON."""

from datetime import timedelta

import orjson
from django.utils import timezone

from playground.runs.models import Visibility
from playground.workspaces.models import ApiToken
from playground.workspaces.tokens import create_token
from tests.access.cast import PEOPLE, Who, World
from tests.factories import make_connection


def build() -> None:
    """Prints {"tokens": by who, "sessions": AUTHOR's by visibility}. The workspace has the connection `inside`."""
    world = World(Visibility.WORKSPACE)
    hidden = World.__new__(World)
    hidden.__dict__.update({**world.__dict__, "visibility": Visibility.PRIVATE})
    make_connection(world.workspace, "inside")
    tokens = {
        who: create_token(world.people[who], world.elsewhere if who is Who.STRANGER else world.workspace)
        for who in PEOPLE
    }
    changes = {
        Who.REVOKED: {"revoked_at": timezone.now()},
        Who.EXPIRED: {"expires_at": timezone.now() - timedelta(minutes=1)},
    }
    for who, change in changes.items():
        tokens[who] = create_token(world.author, world.workspace, who)
        ApiToken.objects.filter(name=who).update(**change)
    sessions = {"workspace": str(world.session.pk), "private": str(hidden.make_session().pk)}
    print(orjson.dumps({"tokens": tokens, "sessions": sessions}, option=orjson.OPT_NON_STR_KEYS).decode())  # noqa: T201  (the answer of the command)
