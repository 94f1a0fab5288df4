"""What is secret is neither recorded nor shown."""

from playground.providers.endpoint import Endpoint
from playground.providers.redaction import hide, hide_in_body, secrets_of, shown_headers, shown_url

ENDPOINT = Endpoint(
    "openai-chat",
    "https://api.example.com/v1",
    api_key="canary-4f1d",
    headers={"x-team": "canary-header", "x-short": "on"},
    proxy="http://user:canary-proxy@proxy.example:3128",
)


def test_what_of_a_connection_is_secret() -> None:
    assert set(secrets_of(ENDPOINT)) == {"canary-4f1d", "canary-header", "canary-proxy"}
    assert secrets_of(Endpoint("openai-chat", "https://a")) == ()


def test_secrets_and_what_looks_like_a_key_are_hidden_in_a_text() -> None:
    text = "bad key canary-4f1d, or sk-proj-abcdefghijkl, or Bearer abcdefgh1234 for x"
    assert hide(text, secrets_of(ENDPOINT)) == "bad key [hidden], or [hidden], or [hidden] for x"


def test_a_body_keeps_its_length() -> None:
    body = b'{"got": "Bearer canary-4f1d"}'
    assert hide_in_body(body, secrets_of(ENDPOINT)) == b'{"got": "Bearer ***********"}'


def test_only_harmless_headers_are_shown() -> None:
    headers = [
        ("Content-Type", "text/event-stream"),
        ("Set-Cookie", "session=1"),
        ("X-RateLimit-Remaining-Tokens", "9"),
        ("Via", "a"),
        ("via", "canary-4f1d"),
        ("openai-organization", "acme"),
        ("Location", "https://ada:pw@login.example/in/abc?token=t"),
    ]
    assert shown_headers(headers, secrets_of(ENDPOINT)) == {
        "content-type": "text/event-stream",
        "x-ratelimit-remaining-tokens": "9",
        "via": "a, [hidden]",
        "location": "login.example",
    }


def test_a_url_is_shown_without_credentials() -> None:
    assert shown_url("https://u:p@h.example:8/v1?api-version=2&code=x&api_key=k#f") == (
        "https://h.example:8/v1?api-version=2&code=x&api_key=[hidden]"
    )
    assert shown_url("http://[::1") == ""
