"""A socket does not outlive what it was opened with."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session as BrowserSession
from django.http import HttpRequest
from django.test import Client as Browser
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from playground.accounts.models import User
from playground.runs.credentials import Credentials, expired
from playground.runs.models import Session
from playground.runs.room_access import open_rooms
from playground.workspaces.models import ApiToken, Membership
from tests.factories import make_member, make_token, make_workspace
from tests.runs.factories import make_run, make_session, make_turn
from tests.server import Client, Follower, Server

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Credentials:
    browser = Browser()
    browser.force_login(user)
    key = browser.cookies["sessionid"].value
    request = HttpRequest()
    request.session = SessionStore(key)
    assert get_user(request) == user
    return Credentials(user, session_key=key, session_hash=user.get_session_auth_hash())


def with_token(user: User) -> Credentials:
    make_token(user)
    return Credentials(user, token_id=ApiToken.objects.latest("id").pk)


def test_what_holds_stays_however_many_there_are(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    known = [make(make_member()) for make in (signed_in, with_token) for _ in range(5)]
    with django_assert_num_queries(3):
        assert expired(known) == set()


def test_signing_out_ends_that_browser_only() -> None:
    user = make_member()
    here, there = signed_in(user), signed_in(user)
    BrowserSession.objects.get(session_key=here.session_key).delete()
    assert expired([here, there]) == {here}


def test_a_session_that_ran_out_ends() -> None:
    known = signed_in(make_member())
    BrowserSession.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert expired([known]) == {known}


def test_a_new_password_ends_browsers_and_not_tokens() -> None:
    user = make_member()
    browser, token = signed_in(user), with_token(user)
    user.set_password("another correct horse")
    user.save()
    assert expired([browser, token]) == {browser}


def test_a_disabled_account_and_a_revoked_token_end() -> None:
    disabled, revoked, other = with_token(make_member()), with_token(make_member()), with_token(make_member())
    User.objects.filter(pk=disabled.user.pk).update(is_active=False)
    ApiToken.objects.filter(pk=revoked.token_id).update(revoked_at=timezone.now())
    assert expired([disabled, revoked, other]) == {disabled, revoked}


def test_the_token_of_who_left_the_workspace_ends() -> None:
    user, other = make_member(), make_member()
    known = [signed_in(user), with_token(user), with_token(other)]
    user.memberships.get().delete()
    assert expired(known) == {known[1]}


def test_a_token_ends_when_its_time_is_over() -> None:
    known = with_token(make_member())
    ApiToken.objects.update(expires_at=timezone.now() + timedelta(minutes=1))
    assert expired([known]) == set()
    ApiToken.objects.update(expires_at=timezone.now())
    assert expired([known]) == {known}


def test_the_server_closes_the_socket_within_five_seconds(server: Server) -> None:
    client = Client(server, "leaver")
    run = client.post_run("sim/sim-n2000-r50-d0")
    with client.socket() as socket:
        follower = Follower(socket, run["id"])
        follower.until(5)
        server.manage("shell", "-c", "from playground.workspaces.models import ApiToken as T; "
                      "T.objects.filter(user__username='leaver').delete()")  # fmt: skip
        assert follower.until_closed() == 4401
        assert follower.ended is None  # it streams for 40 s
    client.close()


def test_a_token_reads_in_its_own_workspace_only() -> None:
    user, other = make_member(), make_workspace()
    Membership.objects.create(user=user, workspace=other)
    here, there = make_run(make_turn(make_session(user))), make_run(make_turn(make_session(user)))
    Session.objects.filter(pk=there.turn.session_id).update(workspace=other)
    token = Credentials(user, token_id=1, workspace_id=other.pk)
    assert set(token.runs()) == {there}
    assert set(Credentials(user).runs()) == {here, there}
    rooms = {f"session:{run.turn.session_id}" for run in (here, there)}
    assert open_rooms(token, {*rooms, f"workspace:{other.pk}", f"user:{user.pk}"}) == {
        f"session:{there.turn.session_id}", f"workspace:{other.pk}", f"user:{user.pk}",
    }  # fmt: skip
    assert open_rooms(token, [f"workspace:{user.memberships.earliest('pk').workspace_id}"]) == set()
