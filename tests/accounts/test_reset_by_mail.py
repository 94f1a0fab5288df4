import re
from urllib.parse import urlsplit

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from pytest_django import Settings

from playground.accounts.mail_resets import MAILS_LIMIT
from playground.accounts.models import User
from tests.factories import make_user

pytestmark = pytest.mark.django_db

URL = "/password-reset/"
NEW = {"new_password1": "another correct horse", "new_password2": "another correct horse"}


@pytest.fixture
def mail_server(settings: Settings) -> None:
    settings.EMAIL_HOST = "mail.example.org"


def test_without_a_mail_server_the_sign_in_page_tells_whom_to_ask(client: Client) -> None:
    page = client.get("/sign-in/").content.decode()
    assert "Ask an owner of your workspace" in page
    assert URL not in page
    assert client.get(URL).status_code == 404


@pytest.mark.usefixtures("mail_server")
class TestWithAMailServer:
    def test_the_mailed_link_sets_a_password(self, client: Client, mailoutbox: list[EmailMessage]) -> None:
        user = make_user("ada", email="ada@example.org")
        assert f'href="{URL}"' in client.get("/sign-in/").content.decode()
        assert "on its way" in client.post(URL, {"email": "ADA@example.org"}).content.decode()
        link = re.search(r"http://testserver/\S+", mailoutbox[0].body)
        assert link is not None
        form = client.get(urlsplit(link[0]).path)
        assert form.status_code == 302, "Django keeps the token in the session, out of the address"
        assert "Set a new password for ada" in client.get(form["Location"]).content.decode()
        assert client.post(form["Location"], NEW)["Location"] == f"{URL}done/"
        user.refresh_from_db()
        assert user.check_password(NEW["new_password1"])
        again = Client().get(urlsplit(link[0]).path)
        assert "This link no longer works" in again.content.decode()

    def test_a_stranger_learns_nothing(self, client: Client, mailoutbox: list[EmailMessage]) -> None:
        make_user("ada", email="ada@example.org")
        answers = [client.post(URL, {"email": f"{name}@example.org"}).content for name in ("ada", "bob")]
        without_tokens = {re.sub(rb"(nonce|csrfmiddlewaretoken|value|hx-headers)[^>]*", b"", a) for a in answers}
        assert len(without_tokens) == 1
        assert len(mailoutbox) == 1

    def test_an_address_that_is_none_is_marked(self, client: Client) -> None:
        response = client.post(URL, {"email": "nonsense"})
        assert response.status_code == 422
        assert 'aria-invalid="true"' in response.content.decode()
        assert 'value="nonsense"' in response.content.decode()

    def test_mails_are_not_sent_without_end(self, client: Client) -> None:
        for _ in range(MAILS_LIMIT):
            assert client.post(URL, {"email": "ada@example.org"}).status_code == 200
        assert client.post(URL, {"email": "ada@example.org"}).status_code == 429
        assert not User.objects.exists()
