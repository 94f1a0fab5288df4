import pytest
from django.test import Client
from pytest_django import Settings

from tests.factories import PASSWORD, make_member

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
