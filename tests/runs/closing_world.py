"""A person for each way to lose a socket, made inside the server's data by `manage.py shell`, and told as JSON."""

from collections.abc import Sequence

import orjson
from django.test import Client as Browser

from playground.runs.models import Visibility
from playground.sharing.contents import Contents
from playground.sharing.links import LinkDraft, share_session
from playground.workspaces.tokens import create_token
from tests.factories import make_member
from tests.runs.factories import make_run, make_session, make_turn


def build(names: Sequence[str]) -> None:
    """Prints {name: {"user", "cookie", "token", "link", "link_id", "run"}}: who is in the workspace of the run."""
    session = make_session(visibility=Visibility.WORKSPACE)
    run = make_run(make_turn(session), status="completed")
    people = {}
    for name in names:
        user = make_member(username=f"closing-{name}")
        browser = Browser()
        browser.force_login(user)
        link, link_token = share_session(session.owner, session, LinkDraft(Contents()))
        people[name] = {
            "user": user.pk,
            "cookie": browser.cookies["sessionid"].value,
            "token": create_token(user, session.workspace),
            "link": link_token,
            "link_id": link.pk,
            "run": str(run.pk),
        }
    print(orjson.dumps(people).decode())  # noqa: T201  (the answer of the command)
