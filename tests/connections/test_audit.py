"""Whoever changes a connection is in the audit log, with what changed; what is secret is not."""

import json

import pytest
from django.core.management import call_command
from django.test import Client

from playground.connections.forms import ConnectionForm
from playground.workspaces.models import AuditEntry, Role, Workspace
from tests.factories import make_connection, make_member

pytestmark = pytest.mark.django_db

SECRET = "sk-very-secret-0123456789"


def fields_of(form: ConnectionForm) -> dict[str, object]:
    values = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in values.items() if value not in (None, False)}


@pytest.fixture
def owner(client: Client) -> Client:
    client.force_login(make_member(role=Role.OWNER, username="ada"))
    return client


def entries() -> list[tuple[str, str, str, dict[str, object]]]:
    found = AuditEntry.objects.order_by("pk")
    assert SECRET not in json.dumps(list(found.values("subject", "details")))
    return [(entry.actor_name, entry.action, entry.subject, entry.details) for entry in found]


def test_what_an_owner_does_is_told(owner: Client) -> None:
    workspace = Workspace.objects.default()
    given = {"name": "up", "dialect": "openai-chat", "base_url": "https://a.example/v1", "api_key": SECRET}
    new = {**fields_of(ConnectionForm(workspace)), **given}
    assert owner.post("/connections/add/", {**new, "models": "one\r\ntwo"}).status_code == 302
    connection = workspace.connections.get()
    same = {**fields_of(ConnectionForm(workspace, connection)), "models": "one\r\ntwo"}
    assert owner.post("/connections/up/edit/", {**same, "headers": f"X-Key: {SECRET}"}).status_code == 302
    assert owner.post("/connections/up/delete/").status_code == 302
    assert entries() == [
        ("ada", "connection.add", "up", {"base_url": "https://a.example/v1"}),
        ("ada", "connection.change", "up", {"changed": ["headers"]}),
        ("ada", "connection.delete", "up", {}),
    ]


def test_what_a_command_does_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UP_KEY", SECRET)
    arguments = ["--dialect", "openai-chat", "--base-url", "https://a.example/v1", "--key-env", "UP_KEY"]
    call_command("connection", "add", "up", *arguments)
    call_command("connection", "remove", "up")
    assert [(name, action) for name, action, *_ in entries()] == [("", "connection.add"), ("", "connection.delete")]


@pytest.mark.parametrize(
    "path", ["/connections/", "/connections/up/edit/", "/connections/up/delete/", "/workspace/audit/"]
)
def test_no_page_reads_a_key_back(owner: Client, path: str) -> None:
    make_connection(name="up", api_key=SECRET)
    response = owner.get(path)
    assert response.status_code == 200
    assert SECRET not in response.content.decode()


def test_a_viewer_is_not_offered_the_connections(client: Client) -> None:
    client.force_login(make_member(role=Role.VIEWER))
    make_connection(name="up", api_key=SECRET)
    assert 'href="/connections/"' not in client.get("/sessions/").content.decode()
    assert client.get("/connections/").status_code == 403
