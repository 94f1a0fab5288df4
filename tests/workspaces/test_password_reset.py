"""A password opens all of a person's workspaces, so who may reset it is asked twice: at the link, and at its use."""

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from playground.accounts import reset_links
from playground.accounts.forms import SetPassword
from playground.accounts.models import ResetLink, User
from playground.accounts.redaction import RedactTokens
from playground.workspaces.models import AuditEntry, Membership, Role, Workspace
from playground.workspaces.resets import may_reset
from playground.workspaces.tokens import authenticate_token, create_token
from tests.factories import PASSWORD, make_member, make_user, make_workspace
from tests.workspaces.pages import shown_link

pytestmark = pytest.mark.django_db

NEW = {"new_password1": "another correct horse", "new_password2": "another correct horse"}


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace("Team")


@pytest.fixture
def owner(workspace: Workspace) -> Client:
    client = Client()
    client.force_login(make_member(workspace, Role.OWNER, username="ada"))
    return client


@pytest.fixture
def bob(workspace: Workspace) -> User:
    return make_member(workspace, username="bob")


def ask(owner: Client, user: User, workspace: Workspace) -> str:
    """The path at which an owner asks for a link."""
    return f"/workspace/members/{user.memberships.get(workspace=workspace).pk}/reset/"


def link_for(owner: Client, user: User, workspace: Workspace) -> str:
    path = ask(owner, user, workspace)
    assert not ResetLink.objects.exists()
    assert "Make the link" in owner.get(path).content.decode()
    assert not ResetLink.objects.exists(), "opening the page changes nothing"
    assert owner.post(path)["Location"] == "/workspace/members/"
    return shown_link(owner)


def test_the_link_sets_a_password_and_ends_other_sign_ins(owner: Client, bob: User, workspace: Workspace) -> None:
    elsewhere = Client()
    elsewhere.force_login(bob)
    link = link_for(owner, bob, workspace)
    visitor = Client()
    for _ in range(2):
        assert "Set a new password for bob" in visitor.get(link).content.decode()
    assert elsewhere.get("/account/").status_code == 200
    assert visitor.post(link, NEW)["Location"] == "/sign-in/"
    assert elsewhere.get("/account/").status_code == 302
    bob.refresh_from_db()
    assert bob.check_password(NEW["new_password1"])
    told = AuditEntry.objects.order_by("pk").values_list("actor_name", "action", "subject")
    assert list(told) == [("ada", "password.reset_link", "bob"), ("bob", "password.reset", "bob")]


def test_it_can_revoke_the_tokens_too(owner: Client, bob: User, workspace: Workspace) -> None:
    secret = create_token(bob, workspace, "script")
    assert Client().post(link_for(owner, bob, workspace), NEW).status_code == 302
    assert authenticate_token(secret) is not None
    ResetLink.objects.all().delete()
    assert Client().post(link_for(owner, bob, workspace), {**NEW, "revoke_tokens": "on"}).status_code == 302
    assert authenticate_token(secret) is None
    assert AuditEntry.objects.filter(action="token.revoke", actor=bob, subject="script").exists()


def test_it_works_once(owner: Client, bob: User, workspace: Workspace) -> None:
    link = link_for(owner, bob, workspace)
    Client().post(link, NEW)
    for response in (Client().get(link), Client().post(link, dict.fromkeys(NEW, "yet another horse"))):
        assert response.status_code == 404
        assert "This link no longer works" in response.content.decode()
    bob.refresh_from_db()
    assert bob.check_password(NEW["new_password1"])


def test_a_password_that_is_too_weak_does_not_spend_it(owner: Client, bob: User, workspace: Workspace) -> None:
    link = link_for(owner, bob, workspace)
    response = Client().post(link, {"new_password1": "bob", "new_password2": "bob"})
    assert response.status_code == 422
    assert 'aria-invalid="true"' in response.content.decode()
    assert Client().post(link, NEW).status_code == 302


def test_it_ends_after_a_day_and_with_the_next_one(owner: Client, bob: User, workspace: Workspace) -> None:
    first = link_for(owner, bob, workspace)
    owner.post(ask(owner, bob, workspace))
    second = shown_link(owner)
    assert Client().get(first).status_code == 404
    assert Client().get(second).status_code == 200
    ResetLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert Client().get(second).status_code == 404


def test_only_the_hash_is_kept_and_no_log_has_it(
    owner: Client, bob: User, workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.handler.addFilter(RedactTokens())
    link = link_for(owner, bob, workspace)
    token = link.split("/")[2]
    Client().put(link)
    logging.getLogger("django.request").error("Internal Server Error: %s", link)
    assert "/reset/…" in caplog.text
    assert token not in caplog.text
    assert token not in str(vars(ResetLink.objects.get()))
    assert token not in str(AuditEntry.objects.values())


class TestTakeover:
    """An owner of one team must not come by the account that opens another team's data, or the installation."""

    def refused(self, owner: Client, user: User, workspace: Workspace) -> str:
        path = ask(owner, user, workspace)
        page = owner.get(path).content.decode()
        assert "Make the link" not in page
        assert "changepassword" in page
        assert owner.post(path).status_code == 403
        assert not ResetLink.objects.exists()
        return page

    def test_of_who_is_also_in_another_team(self, owner: Client, bob: User, workspace: Workspace) -> None:
        Membership.objects.create(user=bob, workspace=make_workspace("Secret project"))
        assert "Secret project" not in self.refused(owner, bob, workspace)

    def test_of_who_is_in_another_team_that_the_owner_only_edits(
        self, owner: Client, bob: User, workspace: Workspace
    ) -> None:
        other = make_workspace()
        Membership.objects.create(user=bob, workspace=other)
        mine = Membership.objects.create(user=User.objects.get(username="ada"), workspace=other)
        self.refused(owner, bob, workspace)
        mine.role = Role.OWNER
        mine.save()
        assert owner.post(ask(owner, bob, workspace)).status_code == 302

    @pytest.mark.parametrize("flag", ["is_staff", "is_superuser"])
    def test_of_an_operator(self, owner: Client, bob: User, workspace: Workspace, flag: str) -> None:
        User.objects.filter(pk=bob.pk).update(**{flag: True})
        self.refused(owner, bob, workspace)

    def test_of_a_disabled_account(self, owner: Client, bob: User, workspace: Workspace) -> None:
        User.objects.filter(pk=bob.pk).update(is_active=False)
        self.refused(owner, bob, workspace)

    @pytest.mark.parametrize("since", ["joined another team", "became an operator", "left", "owner was removed"])
    def test_by_a_link_from_before(self, owner: Client, bob: User, workspace: Workspace, since: str) -> None:
        link = link_for(owner, bob, workspace)
        if since == "joined another team":
            Membership.objects.create(user=bob, workspace=make_workspace())
        elif since == "became an operator":
            User.objects.filter(pk=bob.pk).update(is_superuser=True)
        elif since == "left":
            bob.memberships.all().delete()
        else:
            Membership.objects.filter(user__username="ada").delete()
        assert Client().get(link).status_code == 404
        assert Client().post(link, NEW).status_code == 404
        bob.refresh_from_db()
        assert bob.check_password(PASSWORD)

    def test_by_a_member_who_is_no_owner(self, bob: User, workspace: Workspace) -> None:
        editor = Client()
        editor.force_login(make_member(workspace))
        assert editor.post(ask(editor, bob, workspace)).status_code == 403

    def test_of_who_is_in_no_team(self) -> None:
        assert not may_reset(make_member(make_workspace(), Role.OWNER), make_user())


def test_an_operator_may_reset_anyones(bob: User, workspace: Workspace) -> None:
    operator = make_user(is_superuser=True, is_staff=True)
    Membership.objects.create(user=operator, workspace=workspace, role=Role.OWNER, selected_at=timezone.now())
    Membership.objects.create(user=bob, workspace=make_workspace())
    client = Client()
    client.force_login(operator)
    assert Client().post(link_for(client, bob, workspace), NEW).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_of_simultaneous_uses_one_wins() -> None:
    workspace = make_workspace()
    user, owner = make_member(workspace), make_member(workspace, Role.OWNER)
    link = reset_links.find_link(reset_links.create_reset_link(user, owner))
    assert link is not None
    barrier = Barrier(4)

    def spend(number: int) -> bool:
        form = SetPassword(User.objects.get(pk=user.pk), dict.fromkeys(NEW, f"correct horse {number}"))
        try:
            assert form.is_valid()
            barrier.wait()
            return reset_links.spend(link, form)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(spend, range(4))) == [False, False, False, True]
