import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from playground.accounts import sign_in_links
from playground.accounts.models import SignInToken
from playground.accounts.redaction import RedactTokens
from tests.factories import make_member

pytestmark = pytest.mark.django_db


def link(token: str) -> str:
    return f"/sign-in/link/{token}/"


def test_opening_the_link_changes_nothing_and_the_button_signs_in(client: Client) -> None:
    user = make_member(username="ada")
    token = sign_in_links.create_sign_in_link(user)
    for _ in range(2):
        page = client.get(link(token))
        assert page.status_code == 200
        assert "Sign in as ada" in page.content.decode()
        assert "_auth_user_id" not in client.session
    assert client.post(link(token))["Location"] == "/"
    assert client.session["_auth_user_id"] == str(user.pk)


def test_a_link_works_once(client: Client) -> None:
    token = sign_in_links.create_sign_in_link(make_member())
    client.post(link(token))
    stranger = Client()
    for response in (stranger.get(link(token)), stranger.post(link(token))):
        assert response.status_code == 404
        assert "This link no longer works" in response.content.decode()
    assert "_auth_user_id" not in stranger.session


def test_a_link_ends_after_15_minutes(client: Client) -> None:
    token = sign_in_links.create_sign_in_link(make_member())
    assert SignInToken.objects.get().expires_at - timezone.now() <= timedelta(minutes=15)
    SignInToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client.get(link(token)).status_code == 404
    assert client.post(link(token)).status_code == 404


def test_an_unknown_token_and_an_inactive_user_get_the_same_answer(client: Client) -> None:
    token = sign_in_links.create_sign_in_link(make_member(is_active=False))
    answers = [client.post(link(token)), client.post(link("nonsense"))]
    assert [answer.status_code for answer in answers] == [404, 404]


def test_only_the_hash_is_kept() -> None:
    token = sign_in_links.create_sign_in_link(make_member())
    row = SignInToken.objects.get()
    assert len(row.digest) == 64
    assert token not in str(vars(row))


def test_expired_links_are_forgotten() -> None:
    user = make_member()
    sign_in_links.create_sign_in_link(user)
    SignInToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    sign_in_links.create_sign_in_link(user)
    assert SignInToken.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_simultaneous_uses_one_wins() -> None:
    token = sign_in_links.create_sign_in_link(make_member())
    barrier = Barrier(4)

    def spend(_: int) -> bool:
        try:
            barrier.wait()
            return sign_in_links.spend(token) is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(spend, range(4))) == [False, False, False, True]


def test_the_token_is_in_no_log(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.handler.addFilter(RedactTokens())
    token = sign_in_links.create_sign_in_link(make_member())
    client.post(link(token))
    client.get(link(token))
    client.put(link(token))
    logging.getLogger("django.request").error("Internal Server Error: %s", link(token))
    assert "/sign-in/link/…/" in caplog.text
    assert token not in caplog.text


def test_every_handler_redacts() -> None:
    from django.conf import settings

    assert all("redact" in handler["filters"] for handler in settings.LOGGING["handlers"].values())
