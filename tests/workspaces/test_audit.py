import ast
import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

import playground
from playground.accounts.models import User
from playground.workspaces.audit import record
from playground.workspaces.audit_queries import PAGE
from playground.workspaces.audit_words import ACTIONS, NOUNS, details_in_words
from playground.workspaces.models import AuditEntry, Role, Workspace
from tests.factories import make_member, make_workspace
from tests.runs.factories import make_session

pytestmark = pytest.mark.django_db

URL = "/workspace/audit/"


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace("Team")


@pytest.fixture
def ada(client: Client, workspace: Workspace) -> User:
    user = make_member(workspace, Role.OWNER, username="ada")
    client.force_login(user)
    return user


def subjects(client: Client, query: str = "") -> list[str]:
    page = client.get(URL + query).content.decode()
    return re.findall(r'<td data-label="About">([^<]*)</td>', page)


def test_it_tells_who_did_what_newest_first(client: Client, workspace: Workspace, ada: User) -> None:
    record(workspace, ada, "member.role", "bob", **{"from": "editor", "to": "viewer"})
    record(workspace, None, "connection.add", "upstream")
    record(workspace, ada, "kettle.boil", "tea", water="hot")
    record(make_workspace(), ada, "member.remove", "somebody else's business")
    assert subjects(client) == ["tea", "upstream", "bob"]
    page = client.get(URL).content.decode()
    assert "changed a role" in page
    assert re.search(r"from</span> Editor</span>\s*.*to</span> Viewer", page, re.DOTALL)
    assert "a command" in page
    assert "kettle.boil" in page, "what has no words is shown as it is"


def test_what_people_wrote_is_escaped(client: Client, workspace: Workspace, ada: User) -> None:
    record(workspace, ada, "<script>", "<script>alert(1)</script>", **{"<i>": "<b>"})
    page = client.get(URL).content.decode()
    assert "<script>alert(1)" not in page
    assert "<b>" not in page


def test_it_is_filtered_by_action_noun_and_person(client: Client, workspace: Workspace, ada: User) -> None:
    bob = make_member(workspace, username="bob")
    record(workspace, ada, "member.remove", "one")
    record(workspace, bob, "member.leave", "two")
    record(workspace, bob, "share.create", "three")
    assert subjects(client, "?action=member") == ["two", "one"]
    assert subjects(client, "?action=member.leave") == ["two"]
    assert subjects(client, "?by=bob") == ["three", "two"]
    assert subjects(client, "?by=bob&action=member") == ["two"]
    assert subjects(client, "?action=%00&by=nobody") == []


def test_it_comes_in_pages(
    client: Client, workspace: Workspace, ada: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(PAGE + 3):
        record(workspace, ada, "token.create", f"token {number}")
    with django_assert_max_num_queries(7):
        first = subjects(client)
    older = re.search(r'href="(/workspace/audit/\?after=\d+)">Older', client.get(URL).content.decode())
    assert older is not None
    rest = re.findall(r'"About">(token \d+)', client.get(older[1]).content.decode())
    assert first + rest == [f"token {number}" for number in reversed(range(PAGE + 3))]
    assert "Older" not in client.get(older[1]).content.decode()
    assert client.get(f"{URL}?after=x").status_code == 200


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR])
def test_only_owners_read_it(client: Client, workspace: Workspace, role: Role) -> None:
    client.force_login(make_member(workspace, role))
    assert client.get(URL).status_code == 403
    assert client.get("/workspace/audit.csv").status_code == 403


def test_it_can_be_downloaded_and_that_is_told_too(client: Client, workspace: Workspace, ada: User) -> None:
    record(workspace, ada, "member.remove", '=HYPERLINK("x")', subject_id=7)
    record(workspace, ada, "share.create", "not wanted")
    response = client.get("/workspace/audit.csv?action=member")
    assert "attachment" in response["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert [(row["who"], row["action"], row["subject"]) for row in rows] == [
        ("ada", "member.remove", '\'=HYPERLINK("x")')
    ]
    assert timezone.now() - timezone.datetime.fromisoformat(rows[0]["time"]) < timedelta(minutes=1)
    assert AuditEntry.objects.latest("pk").action == "export.audit"


def test_names_stay_when_people_go(client: Client, workspace: Workspace, ada: User) -> None:
    bob = make_member(workspace, username="bob")
    record(workspace, bob, "share.create", "a song")
    bob.delete()
    assert "bob" in client.get(URL).content.decode()


def test_every_action_belongs_to_a_noun() -> None:
    assert {action.split(".")[0] for action in ACTIONS} <= NOUNS.keys()


def test_tokens_are_told(client: Client, workspace: Workspace, ada: User) -> None:
    client.post("/account/tokens/", {"name": "ci"})
    client.post(f"/account/tokens/{ada.api_tokens.get().pk}/revoke/")
    told = AuditEntry.objects.order_by("pk").values_list("action", "subject")
    assert list(told) == [("token.create", "ci"), ("token.revoke", "ci")]


def test_a_private_session_is_not_named(client: Client, workspace: Workspace, ada: User) -> None:
    bob = make_member(workspace, username="bob")
    for visibility in ("private", "workspace"):
        session = make_session(bob, title=f"A {visibility} song", visibility=visibility)
        session.workspace = workspace
        session.save()
        client.force_login(bob)
        client.post(f"/sessions/{session.pk}/delete/")
        client.post(f"/sessions/{session.pk}/restore/")
    names = AuditEntry.objects.filter(action__startswith="session.").order_by("pk").values_list("action", "subject")
    assert list(names) == [
        ("session.delete", ""),
        ("session.restore", ""),
        ("session.delete", "A workspace song"),
        ("session.restore", "A workspace song"),
    ]


def recorded_actions() -> Iterator[str]:
    """The actions that the code names where it calls `record`."""
    for file in Path(playground.__file__).parent.rglob("*.py"):
        for call in ast.walk(ast.parse(file.read_text())):
            if isinstance(call, ast.Call) and len(call.args) > 2 and ast.unparse(call.func).endswith("record"):
                strings = (node for node in ast.walk(call.args[2]) if isinstance(node, ast.Constant))
                yield from (node.value for node in strings if re.fullmatch(r"[a-z]+\.[a-z_]+", str(node.value)))


def test_every_action_has_words() -> None:
    found = set(recorded_actions())
    assert "member.join" in found
    assert found <= ACTIONS.keys()


def test_a_moment_is_told_as_readers_write_it() -> None:
    ((_name, value),) = details_in_words({"expires": "2026-11-28T20:41:54.278225+00:00"})
    assert value == "Nov. 28, 2026, 20:41"
