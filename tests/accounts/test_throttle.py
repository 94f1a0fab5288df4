import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from playground.accounts import throttle
from playground.accounts.models import SignInFailures
from tests.factories import PASSWORD, make_member

pytestmark = pytest.mark.django_db


def sign_in(client: Client, password: str, *, username: str = "ada", address: str = "192.0.2.1") -> int:
    return client.post("/sign-in/", {"username": username, "password": password}, REMOTE_ADDR=address).status_code


def test_after_five_wrong_passwords_even_the_right_one_waits(client: Client) -> None:
    make_member(username="ada")
    assert [sign_in(client, "wrong") for _ in range(5)] == [422] * 5
    response = client.post("/sign-in/", {"username": "ADA", "password": PASSWORD}, REMOTE_ADDR="192.0.2.1")
    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= 15 * 60
    minutes, time = re.findall(r"try again in (\d+) minutes, at (\d\d:\d\d) UTC", response.content.decode())[0]
    assert minutes == "15"
    again = timezone.now() + timedelta(minutes=15)
    assert time in {f"{moment:%H:%M}" for moment in (again, again - timedelta(minutes=1))}


def test_another_address_and_another_name_may_still_try(client: Client) -> None:
    make_member(username="ada")
    for _ in range(5):
        sign_in(client, "wrong")
    assert sign_in(client, "wrong", username="bob") == 422
    assert sign_in(client, PASSWORD, address="192.0.2.2") == 302


def test_the_wait_ends(client: Client) -> None:
    make_member(username="ada")
    for _ in range(5):
        sign_in(client, "wrong")
    SignInFailures.objects.update(window_ends_at=timezone.now() - timedelta(seconds=1))
    assert sign_in(client, PASSWORD) == 302


def test_a_right_password_forgets_the_wrong_ones(client: Client) -> None:
    make_member(username="ada")
    for _ in range(4):
        sign_in(client, "wrong")
    assert sign_in(client, PASSWORD) == 302
    assert not SignInFailures.objects.exists()


def test_what_is_kept_names_nobody() -> None:
    throttle.count_failure("ada", "192.0.2.1")
    assert re.fullmatch(r"[0-9a-f]{64}", SignInFailures.objects.get().key)
