import pytest
from django.test import Client
from pytest_django import Settings

from playground.accounts.models import User
from playground.workspaces.models import ApiToken, AuditEntry, Membership, Workspace
from playground.workspaces.tokens import authenticate_token, create_token, revoke_token
from tests.factories import PASSWORD, make_member, make_token, make_workspace

pytestmark = pytest.mark.django_db

URL = "/account/"
NEW = "a-new-and-long-one-42"


def test_a_stranger_is_sent_to_sign_in(client: Client) -> None:
    assert client.get(URL)["Location"] == "/sign-in/?next=/account/"


def test_who_has_no_password_sets_one_without_an_old_one(client: Client) -> None:
    user = make_member(password=None)
    client.force_login(user)
    page = client.get(URL).content.decode()
    assert "Set a password" in page
    assert "old_password" not in page
    response = client.post(URL, {"new_password1": NEW, "new_password2": NEW})
    assert response["Location"] == URL
    user.refresh_from_db()
    assert user.check_password(NEW)
    assert client.get(URL).status_code == 200, "setting a password keeps the person signed in"


def test_who_has_a_password_needs_it_to_change_it(client: Client) -> None:
    user = make_member()
    client.force_login(user)
    response = client.post(URL, {"new_password1": NEW, "new_password2": NEW})
    assert response.status_code == 422
    response = client.post(URL, {"old_password": "wrong", "new_password1": NEW, "new_password2": NEW})
    assert response.status_code == 422
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    client.post(URL, {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW})
    user.refresh_from_db()
    assert user.check_password(NEW)


def test_a_weak_password_is_refused(client: Client) -> None:
    client.force_login(make_member(password=None))
    response = client.post(URL, {"new_password1": "password", "new_password2": "password"})
    assert response.status_code == 422
    assert "too common" in response.content.decode()


class TestTokens:
    """They are credentials of their own: a new password ends them only if that is asked for."""

    def change(self, client: Client, user: User, **more: str) -> None:
        client.force_login(user)
        assert 'name="revoke_tokens"' in client.get(URL).text
        data = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW, **more}
        assert client.post(URL, data)["Location"] == URL

    def test_they_outlive_a_password(self, client: Client) -> None:
        user = make_member()
        secret = make_token(user)
        self.change(client, user)
        assert authenticate_token(secret) is not None
        assert not AuditEntry.objects.filter(action="token.revoke").exists()

    def test_they_can_be_revoked_with_it_in_every_workspace(self, client: Client) -> None:
        user, other = make_member(), make_member()
        elsewhere = make_workspace()
        Membership.objects.create(user=user, workspace=elsewhere)
        secrets = [make_token(user), create_token(user, elsewhere, "abroad")]
        gone = create_token(user, elsewhere, "gone before")
        revoke_token(user, ApiToken.objects.get(name="gone before").pk)
        kept = make_token(other)
        assert all(map(authenticate_token, secrets))
        self.change(client, user, revoke_tokens="on")
        assert not any(map(authenticate_token, [*secrets, gone]))
        assert authenticate_token(kept) is not None
        told = AuditEntry.objects.filter(action="token.revoke").order_by("pk")
        assert [entry.workspace for entry in told] == [Workspace.objects.default(), elsewhere]
        assert {(entry.actor, entry.subject) for entry in told} == {(user, "test"), (user, "abroad")}

    def test_a_refused_password_revokes_nothing(self, client: Client) -> None:
        user = make_member()
        secret = make_token(user)
        client.force_login(user)
        refused = client.post(
            URL, {"old_password": "wrong", "new_password1": NEW, "new_password2": NEW, "revoke_tokens": "on"}
        )
        assert refused.status_code == 422
        assert "checked" in refused.text.split('name="revoke_tokens"')[1].split(">")[0]
        assert authenticate_token(secret) is not None


class TestMailAddress:
    URL = "/account/email/"

    def test_is_not_asked_for_without_a_mail_server(self, client: Client) -> None:
        client.force_login(make_member())
        assert self.URL not in client.get(URL).content.decode()
        assert client.post(self.URL, {"email": "ada@example.org", "password": PASSWORD}).status_code == 404

    def test_takes_the_password_to_change(self, client: Client, settings: Settings) -> None:
        settings.EMAIL_HOST = "mail.example.org"
        user = make_member(email="old@example.org")
        client.force_login(user)
        assert 'value="old@example.org"' in client.get(URL).content.decode()
        refused = client.post(self.URL, {"email": "ada@example.org", "password": "wrong"})
        assert refused.status_code == 422
        assert "This is not your password." in refused.content.decode()
        assert 'value="ada@example.org"' in refused.content.decode()
        user.refresh_from_db()
        assert user.email == "old@example.org"
        assert client.post(self.URL, {"email": "ada@example.org", "password": PASSWORD})["Location"] == URL
        user.refresh_from_db()
        assert user.email == "ada@example.org"
        assert user.check_password(PASSWORD)

    def test_who_has_no_password_sets_one_too(self, client: Client, settings: Settings) -> None:
        settings.EMAIL_HOST = "mail.example.org"
        user = make_member(password=None)
        client.force_login(user)
        assert client.post(self.URL, {"email": "ada@example.org"}).status_code == 302
