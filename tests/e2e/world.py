"""A workspace that has something to show on each of its pages."""

import json
from datetime import timedelta
from typing import Any

from django.contrib.auth.tokens import default_token_generator
from django.utils import timezone
from django.utils.http import urlsafe_base64_encode

from playground.accounts.models import User
from playground.accounts.reset_links import create_reset_link
from playground.library import batches
from playground.presenting.codes import code_of
from playground.presenting.shows import start_show
from playground.providers.sink import ErrorInfo
from playground.recording.status import RunStatus
from playground.review.models import Comment, Mention, Rating, RatingScale, Redaction, Review, SessionTag, Tag, Thread
from playground.runs.models import Run, Session, Visibility
from playground.sharing.contents import Contents
from playground.sharing.links import LinkDraft, share_comparison, share_session
from playground.workspaces.invitations import Offer, invite
from playground.workspaces.models import Membership, Role, Workspace
from tests.factories import make_member, make_user
from tests.filters.factories import make_rule
from tests.history.factories import make_run, make_session, make_turn
from tests.library.factories import make_prompt, make_version
from tests.server import Client, Follower, Server

World = dict[str, Any]
RICH = "sim/sim-mixed-e429x1a0-n300-r0"
EVERYTHING = Contents(system=True, parameters=True, timeline=True, annotations=True)


def make_world(server: Server, api: Client) -> World:
    """What addresses are made of, by the names that the routes give it; "sharing:token" is that app's `token`."""
    first = api.post_run(RICH, "A question", params={"logprobs": True, "temperature": 0.5})
    second = api.post_run("sim/sim-n40-r0-p400x20", "The same", session=first["session"])
    with api.socket() as socket:
        for run in (first, second):
            Follower(socket, run["id"]).finish()
    script = f"from tests.e2e.world import build; print(build({first['id']!r}, {second['id']!r}))"
    world: World = json.loads(server.manage("shell", "-v0", "-c", script))
    return world


def build(first_id: str, second_id: str) -> str:
    """Runs on the server's data, in a process of its own. All is made around two runs that were recorded there."""
    left, right = (Run.objects.select_related("turn__session").get(pk=pk) for pk in (first_id, second_id))
    session, owner = left.turn.session, left.turn.session.owner
    mate = make_member(Workspace.objects.default(), Role.EDITOR, username="teammate")
    Session.objects.filter(pk=session.pk).update(visibility=Visibility.WORKSPACE)
    Membership.objects.filter(user=owner, workspace=session.workspace).update(selected_at=timezone.now())
    _discuss(left, mate)
    show = start_show(owner, session, title="Welcome")
    world = {
        "session_id": session.pk,
        "turn_id": left.turn_id,
        "run_id": left.pk,
        "other_run": right.pk,
        "seq": 3,
        "filters:rule_id": make_rule(name="Pets", is_enabled=False).pk,  # other tests' answers are not to be filtered
        "show_id": show.pk,
        "code": code_of(show.pk),
        **_others(owner, mate),
        **_library(owner),
        **_people(owner),
        **_links(owner, left, right),
    }
    return json.dumps(world, default=str)


def _discuss(run: Run, mate: User) -> None:
    session, owner, workspace = run.turn.session, run.turn.session.owner, run.turn.session.workspace
    Review.objects.create(session=session, assignee=owner, requested_by=mate, requested_at=timezone.now())
    run_of = {"turn": run.turn, "run": run}
    places: list[dict[str, Any]] = [
        {"anchor": "session"},
        {"anchor": "text", "start": 0, "end": 4, "quote": run.text[:4], **run_of},
        {"anchor": "chunk", "seq": 9, **run_of},
        {"anchor": "moment", "t": 1000, "resolved_at": timezone.now(), "resolved_by": owner, **run_of},
    ]
    for place in places:
        thread = Thread.objects.create(session=session, created_by=mate, **place)
        comment = Comment.objects.create(thread=thread, author=mate, body="Is that so, @owner? `Yes`.")
        Comment.objects.create(thread=thread, author=owner, body="It is.")
        Mention.objects.create(comment=comment, user=owner)
    scale = RatingScale.objects.create(workspace=workspace, name="Tone")
    RatingScale.objects.create(workspace=workspace, name="Old", archived_at=timezone.now())
    Rating.objects.create(run=run, user=mate, value=1)
    Rating.objects.create(run=run, user=mate, scale=scale, value=4)
    SessionTag.objects.create(session=session, tag=Tag.objects.create(workspace=workspace, name="good"))
    Redaction.objects.create(turn=run.turn, part="prompt", start=0, end=1, created_by=owner)


def _others(owner: User, mate: User) -> World:
    theirs = make_session(mate, title="Of a teammate", visibility=Visibility.WORKSPACE)
    turn = make_turn(theirs, "Why?", system="Be short.", parameters={"temperature": 0.2})
    make_run(turn)
    refused = ErrorInfo("rate_limited", "Too many requests.")
    failed = make_run(turn, lane=1, status=RunStatus.FAILED, error=refused, events=[])
    private = make_session(owner, title="Not kept", is_recorded=False)
    unrecorded = make_run(make_turn(private, "", is_recorded=False), events=[], text="")
    return {"theirs": theirs.pk, "failed": failed.pk, "unrecorded": private.pk, "unrecorded_run": unrecorded.pk}


def _library(owner: User) -> World:
    prompt = make_prompt(owner, tags=["short poems"], description="For a rainy day")
    version = make_version(owner, prompt, "Write {{lines}} short lines about {{topic}}.", "Shorter")
    rows = [{"lines": str(n), "topic": topic} for n, topic in ((2, "water"), (3, "the sea"))]
    batch = batches.create(owner, version, ["sim/sim-n5-r0", "sim/sim-e401"], rows, "A batch")
    return {"prompt_id": prompt.pk, "batch_id": batch.pk}


def _people(owner: User) -> World:
    workspace = Workspace.objects.default()
    newcomer = make_user("who-lost-a-password", email="newcomer@example.org")
    return {
        "workspaces:token": invite(owner, workspace, Offer(Role.VIEWER, 7))[0],
        "token_id": owner.api_tokens.latest("pk").pk,
        "reset_token": create_reset_link(newcomer, owner),
        "member_id": Membership.objects.get(workspace=workspace, user__username="teammate").pk,
        "uidb64": urlsafe_base64_encode(str(newcomer.pk).encode()),
        "accounts:token": default_token_generator.make_token(newcomer),
    }


def _links(owner: User, left: Run, right: Run) -> World:
    session = left.turn.session
    link, token = share_session(owner, session, LinkDraft(EVERYTHING, name="For all"))
    _link, locked = share_session(owner, session, LinkDraft(Contents(), password="open", lifetime=timedelta(days=1)))
    _link, compared = share_comparison(owner, left, right, LinkDraft(EVERYTHING))
    return {"link_id": link.pk, "sharing:token": token, "locked": locked, "compared": compared}
