import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from playground.accounts.models import User
from playground.workspaces.access import current_workspace
from playground.workspaces.models import AuditEntry, Membership, Role, Workspace
from playground.workspaces.templatetags.workspaces import own_memberships
from tests.factories import make_member, make_user, make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def user(client: Client) -> User:
    """A viewer of `First`, and an owner of `Second`; in `First` now."""
    user = make_member(make_workspace("First"), Role.VIEWER)
    Membership.objects.create(user=user, workspace=make_workspace("Second"), role=Role.OWNER)
    client.force_login(user)
    return user


def test_the_menu_has_all_workspaces_with_the_role_and_marks_the_current_one(client: Client, user: User) -> None:
    page = client.get("/sessions/").content.decode()
    menu = page[page.index('<details class="menu switcher">') :]
    menu = menu[: menu.index("</details>")]
    assert menu.index('aria-current="true"') < menu.index("Second")
    assert menu.count('aria-current="true"') == 1
    assert "Viewer" in menu
    assert "Owner" in menu
    assert "Audit log" not in menu, "they do not own the current one"


def test_choosing_goes_there_and_stays(client: Client, user: User) -> None:
    second = Workspace.objects.get(name="Second")
    assert client.post("/workspaces/choose/", {"workspace": second.pk})["Location"] == "/"
    assert current_workspace(user) == second
    assert "Audit log" in client.get("/sessions/").content.decode()


@pytest.mark.parametrize("wanted", ["", "x", "-1", "9" * 30, "٣", "0"])
def test_nonsense_chooses_nothing(client: Client, user: User, wanted: str) -> None:
    assert client.post("/workspaces/choose/", {"workspace": wanted}).status_code == 404
    assert current_workspace(user).name == "First"


def test_a_strangers_workspace_does_not_exist(client: Client, user: User) -> None:
    assert client.post("/workspaces/choose/", {"workspace": make_workspace().pk}).status_code == 404


def test_the_menu_costs_one_query_however_many_there_are(
    user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(20):
        Membership.objects.create(user=user, workspace=make_workspace())
    with django_assert_num_queries(1):
        assert len([membership.workspace.name for membership in own_memberships(user)]) == 22


def test_a_new_workspace_is_owned_and_current(client: Client, user: User) -> None:
    response = client.post("/workspaces/new/", {"name": "Läufer 队"})
    assert response["Location"] == "/workspace/members/"
    made = current_workspace(user)
    assert made.name == "Läufer 队"
    assert made.memberships.get().role == Role.OWNER
    assert AuditEntry.objects.get(workspace=made).action == "workspace.create"
    assert client.post("/workspaces/new/", {"name": "Läufer 队"}).status_code == 302, "names need not be unique"


def test_a_workspace_without_a_name_is_not_made(client: Client, user: User) -> None:
    response = client.post("/workspaces/new/", {"name": " "})
    assert response.status_code == 422
    assert 'aria-invalid="true"' in response.content.decode()
    assert Workspace.objects.count() == 2


def test_only_an_owner_renames_it(client: Client, user: User) -> None:
    assert client.post("/workspace/settings/", {"name": "Mine"}).status_code == 403
    client.post("/workspaces/choose/", {"workspace": Workspace.objects.get(name="Second").pk})
    assert client.post("/workspace/settings/", {"name": "Mine"}).status_code == 302
    assert current_workspace(user).name == "Mine"
    entry = AuditEntry.objects.get(action="workspace.rename")
    assert (entry.subject, entry.details) == ("Mine", {"before": "Second"})


@pytest.mark.parametrize("path", ["/", "/workspace/members/", "/account/tokens/"])
def test_who_is_in_none_is_told_the_two_ways_into_one(client: Client, path: str) -> None:
    client.force_login(make_user())
    response = client.get(path)
    page = response.content.decode()
    assert response.status_code == 404
    assert "You are in no workspace yet" in page
    assert "Ask an owner of a workspace for a link" in page
    assert 'href="/workspaces/new/"' in page
    assert 'id="sidebar"' not in page
