"""Whose request it is: what a proxy of ours says, and nothing that anybody else may have written."""

import re
from collections.abc import Sequence
from ipaddress import ip_network
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client, RequestFactory
from pytest_django import Settings

from playground.accounts.client_address import client_address
from playground.env import env_networks
from tests.factories import PASSWORD, make_member

PROXY, CLIENT, OTHER = "10.0.0.9", "192.0.2.1", "198.51.100.7"


@pytest.fixture
def trusted(settings: Settings) -> None:
    settings.PLAYGROUND_TRUSTED_PROXIES = [ip_network(one) for one in ("10.0.0.9", "10.1.0.0/16", "fd00::/64")]


def address_of(peer: str, forwarded: str | None = None) -> str:
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return client_address(RequestFactory().get("/", REMOTE_ADDR=peer, headers=headers))


def test_nobody_is_believed_unless_told_so() -> None:
    assert address_of(PROXY, CLIENT) == PROXY


@pytest.mark.usefixtures("trusted")
class TestTrusted:
    @pytest.mark.parametrize(
        ("forwarded", "found"),
        [
            (None, PROXY),
            ("", PROXY),
            (CLIENT, CLIENT),
            (f"{CLIENT}, 10.1.2.3", CLIENT),  # through two of ours
            (f"{CLIENT}, 10.1.2.3, fd00::5", CLIENT),
            (f"{CLIENT}:4711", CLIENT),
            ("2001:db8::7", "2001:db8::7"),
            ("[2001:db8::7]:4711", "2001:db8::7"),
            (f"::ffff:{CLIENT}", CLIENT),
            ("10.1.2.3", "10.1.2.3"),  # the proxy itself asks
        ],
    )
    def test_a_proxy_of_ours_says_whom_it_got_the_request_from(self, forwarded: str | None, found: str) -> None:
        assert address_of(PROXY, forwarded) == found

    @pytest.mark.parametrize(
        "forged",
        [OTHER, PROXY, f"{OTHER}, 10.1.2.3", "unknown", "no address", ", ".join([OTHER] * 999), ",,,", "\u00e4"],
    )
    def test_what_a_client_writes_is_not_read(self, forged: str) -> None:
        assert address_of(PROXY, f"{forged}, {CLIENT}") == CLIENT
        assert address_of(CLIENT, forged) == CLIENT

    def test_past_what_is_no_address_nobody_is_believed(self) -> None:
        assert address_of(PROXY, f"{OTHER}, unknown, 10.1.2.3") == "10.1.2.3"

    def test_a_proxy_may_come_by_an_address_of_either_kind(self) -> None:
        assert address_of(f"::ffff:{PROXY}", CLIENT) == CLIENT

    def test_what_the_server_does_not_know_stays_so(self) -> None:
        assert address_of("", CLIENT) == ""


@pytest.mark.django_db
@pytest.mark.usefixtures("trusted")
def test_wrong_passwords_are_counted_by_the_client_behind_the_proxy(client: Client) -> None:
    make_member(username="ada")

    def sign_in(password: str, forwarded: str) -> int:
        fields = {"username": "ada", "password": password}
        return client.post("/sign-in/", fields, REMOTE_ADDR=PROXY, HTTP_X_FORWARDED_FOR=forwarded).status_code

    forged = (f"{OTHER[:-1]}{number}, {CLIENT}" for number in range(5))
    assert [sign_in("wrong", forwarded) for forwarded in forged] == [422] * 5
    assert sign_in(PASSWORD, f"{OTHER}, {CLIENT}") == 429
    assert sign_in(PASSWORD, OTHER) == 302


def test_no_other_code_asks_for_the_address() -> None:
    """All limits count by the same one."""
    package = Path(__file__).resolve().parents[2] / "playground"
    asking = [path.name for path in package.rglob("*.py") if re.search("REMOTE_ADDR|X.FORWARDED.FOR", path.read_text())]
    assert asking == ["client_address.py"]


@pytest.mark.parametrize(("value", "networks"), [("", []), ("10.0.0.9, fd00::/64", ["10.0.0.9/32", "fd00::/64"])])
def test_the_setting_is_a_list(monkeypatch: pytest.MonkeyPatch, value: str, networks: Sequence[str]) -> None:
    monkeypatch.setenv("TRUSTED", value)
    assert [str(network) for network in env_networks("TRUSTED")] == networks


@pytest.mark.parametrize("value", ["proxy.example.org", "10.0.0.9/8", "10.0.0.9;10.0.0.10"])
def test_what_is_no_network_stops_the_start(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("TRUSTED", value)
    with pytest.raises(ImproperlyConfigured, match=f"^TRUSTED must be a list of addresses .*{re.escape(value)}"):
        env_networks("TRUSTED")
