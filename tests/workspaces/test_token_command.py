import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from playground.accounts.models import User
from playground.workspaces.models import ApiToken, Role, Workspace
from playground.workspaces.tokens import authenticate_token
from tests.factories import make_member, make_user

pytestmark = pytest.mark.django_db


def test_it_prints_the_token_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    user = make_member(username="ada", role=Role.VIEWER)
    call_command("token", "create", "ada", "--name", "ci")
    out, err = capsys.readouterr()
    assert err == ""
    assert out.count("\n") == 1
    token = authenticate_token(out.strip())
    assert token is not None
    assert (token.user, token.name, token.workspace.slug) == (user, "ci", "default")
    assert user.memberships.get().role == Role.VIEWER, "a member stays what they are"


def test_it_makes_the_user_if_asked(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("token", "create", "bot", "--create-user")
    user = User.objects.get(username="bot")
    assert not user.has_usable_password()
    assert user.memberships.get().role == Role.EDITOR
    assert authenticate_token(capsys.readouterr().out.strip()) is not None


def test_it_makes_no_user_unasked() -> None:
    with pytest.raises(CommandError, match="There is no user 'bot'"):
        call_command("token", "create", "bot")
    assert not User.objects.exists()


def test_an_impossible_name_makes_nothing() -> None:
    with pytest.raises((CommandError, ValidationError), match="username"):
        call_command("token", "create", "a b", "--create-user")
    assert not ApiToken.objects.exists()


def test_an_inactive_user_gets_none() -> None:
    make_user("ada", is_active=False)
    with pytest.raises(CommandError, match="not active"):
        call_command("token", "create", "ada")


def test_a_user_of_no_workspace_joins_the_default_one(capsys: pytest.CaptureFixture[str]) -> None:
    make_user("ada")
    call_command("token", "create", "ada")
    assert Workspace.objects.default().memberships.get().role == Role.EDITOR
    assert authenticate_token(capsys.readouterr().out.strip()) is not None
