"""The world of the socket's tests, made inside the server's data by `manage.py shell`, and told as JSON."""

import orjson
from django.utils import timezone

from playground.runs.models import Visibility
from playground.sharing.contents import Contents
from playground.sharing.links import LinkDraft, share_session
from playground.sharing.models import ShareLink
from playground.workspaces.tokens import create_token
from tests.access.cast import PEOPLE, Who, World


def build() -> None:
    """Prints {"tokens": by who, "links": by who, "runs", "sessions": by visibility, "workspace", "author"}."""
    world = World(Visibility.WORKSPACE)
    hidden = World.__new__(World)
    hidden.__dict__.update({**world.__dict__, "visibility": Visibility.PRIVATE})
    hidden.session = hidden.make_session()
    links = {}
    for who in (Who.LINK, Who.REVOKED, Who.EXPIRED):
        link, links[who] = share_session(
            world.author,
            world.session,
            LinkDraft(Contents(system=True, parameters=True, timeline=True, annotations=True)),
        )
        changes = {Who.REVOKED: {"revoked_at": timezone.now()}, Who.EXPIRED: {"expires_at": timezone.now()}}
        ShareLink.objects.filter(pk=link.pk).update(**changes.get(who, {"expires_at": None}))
    world_as_json = {
        "tokens": {
            who: create_token(world.people[who], world.elsewhere if who is Who.STRANGER else world.workspace)
            for who in PEOPLE
        },
        "links": links,
        "runs": {"workspace": str(world.run.pk), "private": str(hidden.run.pk)},
        "sessions": {"workspace": str(world.session.pk), "private": str(hidden.session.pk)},
        "workspace": world.workspace.pk,
        "author": world.author.pk,
    }
    print(orjson.dumps(world_as_json, option=orjson.OPT_NON_STR_KEYS).decode())  # noqa: T201  (the answer of the command)
