import re

import pytest
from django.test import Client

from playground.workspaces.models import ApiToken
from playground.workspaces.tokens import authenticate_token
from tests.factories import make_member, make_token, make_user

pytestmark = pytest.mark.django_db

URL = "/account/tokens/"


def test_a_new_token_is_shown_until_its_maker_is_done(client: Client) -> None:
    user = make_member()
    client.force_login(user)
    response = client.post(URL, {"name": "my script"}, follow=True)
    assert "no-store" in response["Cache-Control"]
    secret = re.search(r"spg_[\w-]+", response.content.decode())
    assert secret is not None
    token = authenticate_token(secret[0])
    assert token is not None
    assert (token.user, token.name) == (user, "my script")
    assert secret[0] in client.get(URL).content.decode(), "a reload does not lose it"
    client.post("/account/shown/done/", {"next": URL})
    again = client.get(URL).content.decode()
    assert secret[0] not in again
    assert "my script" in again


def test_a_token_can_be_revoked(client: Client) -> None:
    user = make_member()
    client.force_login(user)
    secret = make_token(user)
    token = ApiToken.objects.get()
    asked = client.get(f"{URL}{token.pk}/revoke/").content.decode()
    assert "Revoke the token" in asked
    assert f'href="{URL}"' in asked
    assert authenticate_token(secret) is not None, "it asks first"
    assert client.post(f"{URL}{token.pk}/revoke/")["Location"] == URL
    assert authenticate_token(secret) is None


def test_anothers_token_does_not_exist(client: Client) -> None:
    secret = make_token(make_member())
    client.force_login(make_member())
    assert client.get(f"{URL}{ApiToken.objects.get().pk}/revoke/").status_code == 404
    assert client.post(f"{URL}{ApiToken.objects.get().pk}/revoke/").status_code == 404
    assert authenticate_token(secret) is not None


def test_the_form_says_what_its_connections_do_not_limit(client: Client) -> None:
    client.force_login(make_member())
    assert "what you may read, it may read, of any connection" in client.get(URL).content.decode()


def test_who_is_in_no_workspace_is_told_what_to_do(client: Client) -> None:
    client.force_login(make_user())
    response = client.get(URL)
    assert response.status_code == 404
    assert "Ask an owner of a workspace for a link" in response.content.decode()


def test_a_stranger_is_sent_to_sign_in(client: Client) -> None:
    assert client.get(URL)["Location"] == f"/sign-in/?next={URL}"
