"""What a token is limited to: said on its page and on the command line, kept, and held where it comes in."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from playground.accounts.models import User
from playground.workspaces.models import ApiToken, AuditEntry, Membership
from playground.workspaces.tokens import authenticate_token
from tests.factories import make_connection, make_member, make_token, make_workspace
from tests.runs.factories import make_run, make_session, make_turn

pytestmark = pytest.mark.django_db
URL = "/account/tokens/"


@pytest.fixture
def ada(client: Client) -> User:
    user = make_member(username="ada")
    client.force_login(user)
    return user


def fields(user: User, **more: Any) -> dict[str, Any]:
    return {"name": "ci", "workspace": user.memberships.get().workspace_id, "days": "", **more}


def test_the_form_limits_the_token(client: Client, ada: User) -> None:
    make_connection(name="up")
    more = {"connections": ["up", "replay"], "days": 7, "runs_per_minute": 30, "tokens_per_day": 50_000}
    assert client.post(URL, fields(ada, **more)).status_code == 302
    token = ApiToken.objects.get()
    assert (token.connections, token.runs_per_minute, token.tokens_per_day) == (["up", "replay"], 30, 50_000)
    assert token.expires_at is not None
    assert timedelta(days=6, hours=23) < token.expires_at - timezone.now() <= timedelta(days=7)
    details = AuditEntry.objects.get(action="token.create").details
    assert details["connections"] == ["up", "replay"]
    assert (details["runs_per_minute"], details["tokens_per_day"]) == (30, 50_000)
    page = " ".join(client.get(URL).content.decode().split())
    assert "up, replay" in page
    assert "0 of 50,000" in page


def test_what_is_left_empty_is_no_limit(client: Client, ada: User) -> None:
    client.post(URL, fields(ada))
    token = ApiToken.objects.get()
    assert (token.connections, token.expires_at, token.runs_per_minute, token.tokens_per_day) == ([], None, None, None)
    assert AuditEntry.objects.get().details == {}


def test_a_token_is_made_for_the_workspace_that_its_maker_chooses(client: Client, ada: User) -> None:
    other = make_workspace()
    Membership.objects.create(user=ada, workspace=other)
    make_connection(other, "theirs")
    client.post(URL, {"workspace": other.pk, "connections": ["theirs"], "days": ""})
    assert ApiToken.objects.get().workspace == other
    assert AuditEntry.objects.get().workspace == other


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"runs_per_minute": 0}, "greater than or equal to 1"),
        ({"tokens_per_day": "many"}, "Enter a whole number"),
        ({"days": 12345}, "Select a valid choice"),
        ({"workspace": 987654}, "Select a valid choice"),
        ({"connections": ["nowhere"]}, "Select a valid choice"),
        ({"connections": ["theirs"]}, "has no connection of this name: theirs"),
        ({"name": "x" * 101}, "at most 100 characters"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(client: Client, ada: User, more: Any, says: str) -> None:
    other = make_workspace()
    make_connection(other, "theirs")
    here = ada.memberships.get().workspace_id
    Membership.objects.create(user=ada, workspace=other)
    response = client.post(URL, {"name": "my script", "workspace": here, "connections": ["sim"], "days": "", **more})
    page = response.content.decode()
    assert response.status_code == 422
    assert says in page
    assert not ApiToken.objects.exists()
    if "name" not in more:
        assert 'value="my script"' in page
    if "connections" not in more:
        assert re.search(r'value="sim"[^>]*checked', page)


def test_anothers_workspace_cannot_be_chosen(client: Client, ada: User) -> None:
    client.post(URL, fields(ada, workspace=make_workspace().pk))
    assert not ApiToken.objects.exists()


def test_the_list_says_what_each_token_used_today(client: Client, ada: User) -> None:
    make_token(ada)
    token = ApiToken.objects.get()
    make_run(make_turn(make_session(ada)), token=token, prompt_tokens=1000, completion_tokens=234)
    assert "1,234" in client.get(URL).content.decode()


def test_a_token_is_nobody_once_its_time_is_over(client: Client, ada: User) -> None:
    secret = make_token(ada)
    token = ApiToken.objects.get()
    token.expires_at = timezone.now() + timedelta(hours=1)
    token.save()
    known = authenticate_token(secret)
    assert known is not None
    known.expires_at = timezone.now() - timedelta(seconds=1)
    assert authenticate_token(secret) is None, "also where it is still remembered"
    ApiToken.objects.update(expires_at=known.expires_at)
    assert "expired" in client.get(URL).content.decode()


def test_the_command_limits_it(capsys: pytest.CaptureFixture[str]) -> None:
    make_connection(name="up")
    options = ["--expires", "3", "--connection", "up", "--connection", "sim", "--runs-per-minute", "9"]
    call_command("token", "create", "bot", "--create-user", *options, "--tokens-per-day", "1000000")
    token = authenticate_token(capsys.readouterr().out.strip())
    assert token is not None
    assert (token.connections, token.runs_per_minute, token.tokens_per_day) == (["up", "sim"], 9, 1_000_000)
    assert token.expires_at is not None
    assert token.expires_at <= timezone.now() + timedelta(days=3)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--connection", "nowhere"], "There is no connection 'nowhere'. There are: local, sim, replay"),
        (["--expires", "0"], "from 1 to"),
        (["--runs-per-minute", "x"], "invalid"),
    ],
)
def test_the_command_says_what_is_wrong(options: list[str], says: str) -> None:
    with pytest.raises(CommandError, match=says):
        call_command("token", "create", "bot", "--create-user", *options)
    assert not ApiToken.objects.exists()
    assert not User.objects.exists()
