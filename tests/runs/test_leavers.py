"""Who leaves a workspace, or is removed from it, reads nothing of it any more, through sockets that are open too."""

import time

import pytest
from django.test import Client as Browser
from websockets.sync.client import connect

from playground.runs.models import Run
from playground.workspaces import members
from playground.workspaces.models import ApiToken, Membership, Role, Workspace
from playground.workspaces.tokens import authenticate_token
from tests.factories import make_member, make_token, make_user, make_workspace
from tests.runs.factories import make_live_run, make_session, make_turn
from tests.server import Client, Follower, Server

TOKEN_HELD_S = 5.0
REMOVE = """
from playground.accounts.models import User
from playground.workspaces.models import Membership
from playground.workspaces.members import remove
remove(User.objects.get(username="owner"), Membership.objects.get(user__username={name!r}))
"""
COOKIE = """
from django.contrib.auth import SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from playground.accounts.models import User
from playground.runs.models import Session
Session.objects.update(visibility="workspace")
user = User.objects.get(username={name!r})
store = SessionStore()
store[SESSION_KEY] = str(user.pk)
store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
store[HASH_SESSION_KEY] = user.get_session_auth_hash()
store.create()
print(store.session_key)
"""


def test_a_removed_member_loses_the_live_run_that_they_follow(server: Server) -> None:
    author, reader = Client(server, "author"), Client(server, "removed")
    run = author.post_run("sim/sim-n2000-r50-d0")
    cookie = server.manage("shell", "-v0", "-c", COOKIE.format(name="removed"))
    headers = {"Cookie": f"sessionid={cookie}", "Origin": server.base_url}
    with connect(server.ws_url, additional_headers=headers, max_queue=None, proxy=None) as page:
        follower = Follower(page, run["id"])
        follower.until(5)
        server.manage("shell", "-v0", "-c", REMOVE.format(name="removed"))
        while (message := follower.step())["op"] == "frame":
            assert len(follower.events) < 1500
        assert (message["op"], message["code"]) == ("error", "not_found")
    with connect(server.ws_url, additional_headers=headers, proxy=None) as page:
        assert Follower(page, run["id"]).step()["code"] == "not_found"
    author.http.post(f"/runs/{run['id']}/cancel")
    author.close()
    reader.close()


def test_a_removed_member_loses_the_token_and_its_socket(server: Server) -> None:
    client = Client(server, "token-leaver")
    run = client.post_run("sim/sim-n2000-r50-d0")
    with client.socket() as socket:
        follower = Follower(socket, run["id"])
        follower.until(5)
        server.manage("shell", "-v0", "-c", REMOVE.format(name="token-leaver"))
        assert follower.until_closed() == 4401
    deadline = time.monotonic() + TOKEN_HELD_S
    while (status := client.http.get(f"/runs/{run['id']}").status_code) == 404 and time.monotonic() < deadline:
        time.sleep(0.05)  # a token is looked up once a second
    client.close()
    assert status == 401


@pytest.mark.django_db
def test_their_live_runs_in_that_workspace_are_stopped() -> None:
    workspace = Workspace.objects.default()
    user = make_member(workspace)
    make_member(workspace, Role.OWNER)
    elsewhere = make_workspace()
    Membership.objects.create(user=user, workspace=elsewhere)
    here = make_live_run(turn=make_turn(make_session(user)))
    session = make_session(user)
    session.workspace = elsewhere
    session.save()
    there = make_live_run(turn=make_turn(session))
    members.leave(Membership.objects.get(user=user, workspace=workspace))
    stopped = Run.objects.filter(stop_requested_at__isnull=False)
    assert list(stopped.values_list("pk", flat=True)) == [here.pk]
    assert there.pk


@pytest.mark.django_db
def test_another_role_is_told_to_their_pages_and_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, str]] = []
    monkeypatch.setattr("playground.runs.leavers.nudge", lambda room, what: told.append((room, what)))
    workspace = Workspace.objects.default()
    owner, user = make_member(workspace, Role.OWNER), make_member(workspace)
    run = make_live_run(turn=make_turn(make_session(user)))
    member = user.memberships.get()
    member.save(update_fields=["selected_at"])
    assert told == []
    members.change_role(owner, member, Role.VIEWER)
    assert told == [(f"user:{user.pk}", "role")]
    run.refresh_from_db()
    assert run.stop_requested_at is None
    members.transfer(owner.memberships.get(), member)
    assert sorted(told[1:]) == sorted([(f"user:{user.pk}", "role"), (f"user:{owner.pk}", "role")])


@pytest.mark.django_db
def test_their_tokens_are_revoked_and_stay_so_when_they_return() -> None:
    workspace = Workspace.objects.default()
    owner, user = make_member(workspace, Role.OWNER), make_member(workspace)
    secret = make_token(user)
    assert authenticate_token(secret) is not None
    members.remove(owner, user.memberships.get())
    assert authenticate_token(secret) is None
    members.join(user, workspace, Role.EDITOR)
    assert authenticate_token(secret) is None
    assert ApiToken.objects.get().revoked_at is not None


@pytest.mark.django_db
def test_what_is_private_comes_back_with_them(client: Browser) -> None:
    workspace = Workspace.objects.default()
    owner, user = make_member(workspace, Role.OWNER), make_member(workspace)
    session = make_session(user, visibility="private")
    client.force_login(user)
    assert client.get(f"/sessions/{session.pk}/").status_code == 200
    members.remove(owner, user.memberships.get())
    assert client.get(f"/sessions/{session.pk}/").status_code == 404
    members.join(user, workspace, Role.EDITOR)
    assert client.get(f"/sessions/{session.pk}/").status_code == 200
    client.force_login(make_user())
    assert client.get(f"/sessions/{session.pk}/").status_code == 404
