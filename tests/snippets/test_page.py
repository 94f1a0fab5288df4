"""The page of a run's code: which languages, whom it asks, and what it never shows."""

from html import unescape

import pytest
from django.test import Client
from django.utils.html import strip_tags

from playground.accounts.models import User
from playground.runs.models import Run
from playground.workspaces.models import Workspace
from tests.factories import make_connection, make_member
from tests.runs.factories import make_run, make_session, make_turn

pytestmark = pytest.mark.django_db
KEY = "sk-a-secret-of-the-provider"


@pytest.fixture
def author() -> User:
    return make_member()


@pytest.fixture
def client(author: User) -> Client:
    client = Client()
    client.force_login(author)
    return client


def asked(author: User, model_id: str, **fields: object) -> Run:
    turn = make_turn(make_session(author), "Hello", parameters={"temperature": 0.5}, **fields)
    return make_run(turn, model_id=model_id, messages=[{"role": "user", "content": "Hello"}])


def code(client: Client, run: Run, query: str = "") -> str:
    response = client.get(f"/runs/{run.pk}/code/?{query}")
    assert response.status_code == 200
    return unescape(strip_tags(response.content.decode()))


def test_it_asks_this_server_by_curl_unless_something_else_is_chosen(client: Client, author: User) -> None:
    page = code(client, asked(author, "sim/sim-n5-r0"))
    assert "curl -N http://testserver/v1/chat/completions" in page
    assert '"model": "sim/sim-n5-r0"' in page
    assert '"temperature": 0.5' in page
    assert "$PLAYGROUND_API_KEY" in page


@pytest.mark.parametrize(
    ("language", "words"),
    [("python", "from openai import OpenAI"), ("events", 'version="v2"'), ("javascript", "await fetch(")],
)
def test_each_language_has_its_address(client: Client, author: User, language: str, words: str) -> None:
    assert words in code(client, asked(author, "sim/sim-n5-r0"), f"language={language}")


def test_part_of_the_page_is_given_to_htmx(client: Client, author: User) -> None:
    run = asked(author, "sim/sim-n5-r0")
    part = client.get(f"/runs/{run.pk}/code/", headers={"HX-Request": "true"}).content.decode()
    assert "curl -N" in unescape(strip_tags(part))
    assert "<html" not in part


def test_a_provider_of_its_own_can_be_asked_directly_and_no_secret_is_shown(client: Client, author: User) -> None:
    make_connection(name="acme", base_url="https://api.acme.example/v1?api-key=hush", api_key=KEY)
    page = code(client, asked(author, "acme/large/v2"), "target=provider&language=python")
    assert "'https://api.acme.example/v1?api-key=[hidden]'" in page
    assert "model='large/v2'" in page
    assert "PROVIDER_API_KEY" in page
    assert KEY not in page
    assert "hush" not in page


@pytest.mark.parametrize("dialect", ["openai-completions", "anthropic"])
def test_another_dialect_is_asked_in_its_own_words(client: Client, author: User, dialect: str) -> None:
    make_connection(name="acme", dialect=dialect, base_url="https://api.acme.example/v1", api_key=KEY)
    page = code(client, asked(author, "acme/one"), "target=provider&language=python")
    path = {"openai-completions": "/completions", "anthropic": "/messages"}[dialect]
    assert f"curl -N https://api.acme.example/v1{path}" in page
    assert "$PROVIDER_API_KEY" in page
    assert KEY not in page
    assert f"in its own dialect ({dialect})" in page


def test_a_connection_of_another_workspace_is_not_named(client: Client, author: User) -> None:
    other = Workspace.objects.create(name="Other", slug="other")
    make_connection(other, name="acme", base_url="https://secret.example/v1")
    assert "secret.example" not in code(client, asked(author, "acme/one"), "target=provider")


def test_what_was_not_recorded_has_no_code(client: Client, author: User) -> None:
    run = asked(author, "sim/sim-n5-r0", is_recorded=False)
    response = client.get(f"/runs/{run.pk}/code/")
    assert response.status_code == 404
    assert "not recorded" in response.content.decode()
