from typing import Any

import pytest
from pytest_django import Settings

from playground.connections.catalogue import endpoint_of
from playground.connections.forms import ConnectionForm
from playground.connections.models import Connection
from playground.connections.secrets import Secrets
from playground.providers.endpoint import RetryPolicy
from playground.workspaces.models import Workspace
from tests.factories import make_connection, make_workspace

pytestmark = pytest.mark.django_db

VALID: dict[str, Any] = {
    "name": "upstream",
    "dialect": "openai-chat",
    "base_url": "https://api.example.com/v1",
    "api_key": "canary-key",
    "headers": "X-Team: blue\nX-Org: o-1",
    "models": "small\nlarge\nsmall\n",
    "supports_streaming": "on",
    "connect": "5",
    "first_chunk": "60",
    "between_chunks": "30",
    "total": "300",
    "attempts": "4",
    "base_delay": "0.5",
    "max_delay": "10",
    "retry_after_cap": "60",
}


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


def edit(connection: Connection, **changes: Any) -> ConnectionForm:
    data = {**VALID, "name": connection.name, "base_url": connection.base_url, "api_key": "", "headers": "", **changes}
    return ConnectionForm(connection.workspace, connection, data)


def test_a_connection_is_saved(workspace: Workspace) -> None:
    form = ConnectionForm(workspace, data=VALID)
    assert form.is_valid(), form.errors
    form.save()
    connection = Connection.objects.get()
    assert connection.workspace == workspace
    assert connection.model_names == ["small", "large"]
    assert connection.timeouts == {"connect": 5, "first_chunk": 60, "between_chunks": 30, "total": 300}
    assert connection.retry["attempts"] == 4
    assert connection.read_secrets() == Secrets("canary-key", {"X-Team": "blue", "X-Org": "o-1"})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "two words"),
        ("name", "local"),
        ("name", "sim"),
        ("name", "replay"),
        ("dialect", "klingon"),
        ("base_url", ""),
        ("base_url", "api.example.com/v1"),
        ("base_url", "ftp://api.example.com"),
        ("base_url", "https://"),
        ("base_url", "https://<b>/v1"),
        ("base_url", "https://api.example.com:port/v1"),
        ("base_url", "https://api.example.com:99999/v1"),
        ("base_url", "https://user:secret@api.example.com/v1"),
        ("base_url", "https://api.example.com/v1?key=secret"),
        ("base_url", "https://api.example.com/v 1"),
        ("base_url", "http://127.0.0.1:8000/v1"),
        ("base_url", "http://localhost/v1"),
        ("base_url", "http://2130706433/v1"),
        ("base_url", "http://[::ffff:169.254.169.254]/v1"),
        ("headers", "no colon"),
        ("headers", "Bad Name: x"),
        ("headers", "X: \x07"),
        ("headers", "Host: evil.example"),
        ("headers", "Content-Length: 3"),
        ("proxy", "proxy.example:8080"),
        ("proxy", "http://proxy.example:8080/path"),
        ("proxy", "http://10.0.0.1:8080"),
        ("models", "two words"),
        ("models", "x" * 131),
        ("connect", "0"),
        ("total", "soon"),
        ("attempts", "0"),
        ("attempts", "11"),
        ("base_delay", "-1"),
        ("max_delay", "0.1"),
        ("retry_after_cap", "121"),
        ("statuses", "429 and 503"),
        ("statuses", "200"),
        ("statuses", "600"),
        ("budget", "-1"),
        ("continues_by", "hope"),
    ],
)
def test_the_wrong_field_is_named(workspace: Workspace, field: str, value: str) -> None:
    form = ConnectionForm(workspace, data={**VALID, field: value})
    assert not form.is_valid()
    assert list(form.errors) == [field]
    assert "secret" not in str(form.errors)


def test_a_name_is_free_in_another_workspace(workspace: Workspace) -> None:
    make_connection(make_workspace(), "upstream")
    assert ConnectionForm(workspace, data=VALID).is_valid()
    make_connection(workspace, "upstream")
    assert list(ConnectionForm(workspace, data=VALID).errors) == ["name"]


def test_a_private_address_must_be_meant(workspace: Workspace) -> None:
    data = {**VALID, "base_url": "http://127.0.0.1:8000/v1/", "allow_private": "on"}
    form = ConnectionForm(workspace, data=data)
    assert form.is_valid(), form.errors
    assert form.save().base_url == "http://127.0.0.1:8000/v1"


def test_blank_keeps_what_is_stored(workspace: Workspace) -> None:
    ConnectionForm(workspace, data=VALID).is_valid()
    connection = _saved(workspace)
    form = edit(connection)
    assert form.is_valid(), form.errors
    assert form.save().read_secrets() == Secrets("canary-key", {"X-Team": "blue", "X-Org": "o-1"})


def test_typing_replaces_and_ticking_forgets(workspace: Workspace) -> None:
    connection = _saved(workspace)
    form = edit(connection, api_key="another", forget_headers="on")
    assert form.is_valid(), form.errors
    assert form.save().read_secrets() == Secrets("another")


@pytest.mark.parametrize(
    "change",
    [
        {"base_url": "https://evil.example/v1"},
        {"base_url": "http://api.example.com/v1"},
        {"proxy": "http://evil.example:1"},
    ],
)
def test_a_stored_key_does_not_follow_to_another_host(workspace: Workspace, change: dict[str, str]) -> None:
    connection = _saved(workspace)
    assert list(edit(connection, **change).errors) == ["api_key"]
    assert edit(connection, **change, api_key="canary-key").is_valid()
    assert edit(connection, **change, forget_api_key="on").is_valid()


def test_another_path_of_the_same_host_keeps_the_key(workspace: Workspace) -> None:
    assert edit(_saved(workspace), base_url="https://api.example.com:443/v2").is_valid()


def test_the_form_shows_no_secret(workspace: Workspace) -> None:
    form = ConnectionForm(workspace, data={**VALID, "proxy": "http://u:canary-proxy@proxy.example:8080"})
    assert form.is_valid(), form.errors
    connection = form.save()
    shown = ConnectionForm(workspace, connection).as_div() + edit(connection, name="").as_div()
    assert "canary" not in shown
    assert "blue" not in shown
    assert "X-Team, X-Org" in shown
    assert "http://proxy.example:8080" in shown


def test_a_key_typed_into_a_refused_form_is_not_lost_and_the_stored_one_not_shown(workspace: Workspace) -> None:
    connection = _saved(workspace)
    form = edit(connection, name="", api_key="typed-just-now")
    assert not form.is_valid()
    assert 'value="typed-just-now"' in form.as_div()
    assert "canary" not in form.as_div() + edit(connection, name="").as_div()


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("retry_after_cap", "121", "Write 120 or less."),
        ("connect", "0", "Write 0.1 or more."),
        ("total", "soon", "Write a number."),
        ("attempts", "1.5", "Write a whole number."),
        ("name", "two words", "Write letters, digits, - and _ only."),
    ],
)
def test_a_refusal_is_in_our_words(workspace: Workspace, field: str, value: str, says: str) -> None:
    assert ConnectionForm(workspace, data={**VALID, field: value}).errors[field] == [says]


def test_secrets_that_cannot_be_read_are_not_lost_by_an_edit(workspace: Workspace, settings: Settings) -> None:
    connection = _saved(workspace)
    settings.SECRET_KEY = "lost" * 20
    form = edit(connection)
    assert list(form.errors) == ["api_key"]
    assert "SECRET_KEY has changed" in form.unreadable
    form = edit(connection, api_key="again")
    assert form.is_valid()
    assert form.save().read_secrets().api_key == "again"


def _saved(workspace: Workspace) -> Connection:
    form = ConnectionForm(workspace, data=VALID)
    assert form.is_valid(), form.errors
    return form.save()


def test_the_retry_policy_is_stored_as_it_is_used_and_shown_as_it_was_written(workspace: Workspace) -> None:
    form = ConnectionForm(workspace, data={**VALID, "statuses": "503, 429 429", "budget": "25"})
    assert form.is_valid(), form.errors
    connection = form.save()
    assert endpoint_of(connection).retry == RetryPolicy(
        attempts=4,
        base_delay=0.5,
        max_delay=10,
        retry_after_cap=60,
        statuses=frozenset({429, 503}),
        budget=0.25,
    )
    shown = ConnectionForm(workspace, connection)
    assert (shown["statuses"].value(), shown["budget"].value()) == ("429, 503", 25)


def test_no_status_and_no_budget_can_be_chosen(workspace: Workspace) -> None:
    form = ConnectionForm(workspace, data={**VALID, "statuses": "", "budget": ""})
    assert form.is_valid(), form.errors
    policy = endpoint_of(form.save()).retry
    assert (policy.statuses, policy.budget) == (frozenset(), None)


def test_a_connection_that_says_nothing_shows_what_holds(workspace: Workspace) -> None:
    shown = ConnectionForm(workspace, make_connection(workspace, "quiet"))
    assert shown["statuses"].value() == "408, 409, 429, 500, 502, 503, 504, 529"
    assert (shown["budget"].value(), shown["attempts"].value(), shown["connect"].value()) == (20, 3, 10)
