"""Owners change roles, remove and transfer; each may leave; a workspace has an owner at all times."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from playground.accounts.models import User
from playground.errors import Conflict
from playground.workspaces import members
from playground.workspaces.models import AuditEntry, Membership, Role, Workspace
from tests.factories import make_member, make_workspace

pytestmark = pytest.mark.django_db

PAGE = "/workspace/members/"


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace("Team")


@pytest.fixture
def owner(client: Client, workspace: Workspace) -> User:
    user = make_member(workspace, Role.OWNER, username="ada")
    client.force_login(user)
    return user


@pytest.fixture
def bob(workspace: Workspace) -> Membership:
    return make_member(workspace, Role.EDITOR, username="bob").memberships.get()


def role_of(user: User) -> str | None:
    return user.memberships.values_list("role", flat=True).first()


@pytest.mark.parametrize("role", list(Role))
def test_everybody_sees_who_is_in_it_and_only_owners_can_change_that(
    client: Client, workspace: Workspace, owner: User, bob: Membership, role: Role
) -> None:
    client.force_login(make_member(workspace, role, username="cyd"))
    page = client.get(PAGE).content.decode()
    assert all(name in page for name in ("ada", "bob", "cyd"))
    assert (f"{PAGE}{bob.pk}/role/" in page) is (role is Role.OWNER)
    assert ("Invite by link" in page) is (role is Role.OWNER)


def test_the_page_costs_no_query_a_member(
    client: Client, workspace: Workspace, owner: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(25):
        make_member(workspace)
    with django_assert_max_num_queries(7):
        client.get(PAGE)


@pytest.mark.parametrize("role", list(Role))
def test_an_owner_changes_a_role(client: Client, owner: User, bob: Membership, role: Role) -> None:
    assert client.post(f"{PAGE}{bob.pk}/role/", {"role": role.value}).status_code == 302
    bob.refresh_from_db()
    assert bob.role == role
    told = AuditEntry.objects.filter(action="member.role").values_list("subject", "details")
    assert list(told) == ([] if role is Role.EDITOR else [("bob", {"from": "editor", "to": role.value})])


def test_there_is_no_other_role(client: Client, owner: User, bob: Membership) -> None:
    assert client.post(f"{PAGE}{bob.pk}/role/", {"role": "admin"}).status_code == 422


def test_an_owner_removes_a_member_after_a_page_that_says_what_stays(
    client: Client, owner: User, bob: Membership
) -> None:
    page = client.get(f"{PAGE}{bob.pk}/remove/")
    assert "Private sessions stay hidden" in page.content.decode()
    assert Membership.objects.filter(pk=bob.pk).exists()
    assert client.post(f"{PAGE}{bob.pk}/remove/").status_code == 302
    assert not Membership.objects.filter(pk=bob.pk).exists()
    client.force_login(bob.user)
    assert client.get(PAGE).status_code == 404
    assert AuditEntry.objects.get(action="member.remove").subject == "bob"


def test_a_member_of_another_workspace_is_unknown(client: Client, owner: User) -> None:
    elsewhere = make_member(make_workspace()).memberships.get()
    for action in ("role", "remove", "transfer", "reset"):
        assert client.post(f"{PAGE}{elsewhere.pk}/{action}/", {"role": "viewer"}).status_code == 404


def test_a_member_leaves(client: Client, owner: User, bob: Membership) -> None:
    client.force_login(bob.user)
    assert "Private sessions stay hidden" in client.get("/workspace/leave/").content.decode()
    assert client.post("/workspace/leave/")["Location"] == "/"
    assert not Membership.objects.filter(pk=bob.pk).exists()


class TestTheOnlyOwner:
    def test_cannot_leave(self, client: Client, owner: User, bob: Membership) -> None:
        page = client.get("/workspace/leave/").content.decode()
        assert "transfer the ownership first" in page
        assert "button--danger" not in page, "no button that would be refused"
        response = client.post("/workspace/leave/")
        assert response.status_code == 409
        assert "transfer the ownership first" in response.content.decode()
        assert role_of(owner) == Role.OWNER

    def test_cannot_step_down(self, client: Client, owner: User, bob: Membership) -> None:
        own = owner.memberships.get()
        assert client.post(f"{PAGE}{own.pk}/role/", {"role": "viewer"}).status_code == 409
        assert client.post(f"{PAGE}{own.pk}/remove/").status_code == 409
        assert role_of(owner) == Role.OWNER

    def test_is_still_the_only_one_beside_a_disabled_account(
        self, client: Client, workspace: Workspace, owner: User
    ) -> None:
        make_member(workspace, Role.OWNER, is_active=False)
        assert client.post("/workspace/leave/").status_code == 409

    def test_transfers_and_then_leaves(self, client: Client, owner: User, bob: Membership) -> None:
        assert "You become an editor" in client.get(f"{PAGE}{bob.pk}/transfer/").content.decode()
        assert role_of(owner) == Role.OWNER
        assert client.post(f"{PAGE}{bob.pk}/transfer/").status_code == 302
        assert (role_of(owner), role_of(bob.user)) == (Role.EDITOR, Role.OWNER)
        assert client.post("/workspace/leave/").status_code == 302
        assert role_of(owner) is None

    def test_cannot_transfer_to_oneself(self, client: Client, owner: User) -> None:
        assert client.post(f"{PAGE}{owner.memberships.get().pk}/transfer/").status_code == 409
        assert role_of(owner) == Role.OWNER


@pytest.mark.django_db(transaction=True)
def test_of_two_owners_who_leave_at_once_one_stays() -> None:
    workspace = make_workspace()
    both = [make_member(workspace, Role.OWNER).memberships.get() for _ in range(2)]
    barrier = Barrier(2)

    def leave(member: Membership) -> bool:
        try:
            barrier.wait()
            members.leave(member)
        except Conflict:
            return False
        else:
            return True
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(leave, both)) == [False, True]
    assert workspace.memberships.filter(role=Role.OWNER).count() == 1
