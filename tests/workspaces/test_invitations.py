"""An invitation lets in whom it should, as what it says, and nobody once it has ended."""

import logging
import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from urllib.parse import quote

import pytest
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from playground.accounts.models import User
from playground.accounts.redaction import RedactTokens
from playground.errors import NotFound
from playground.workspaces import invitations, members
from playground.workspaces.access import current_workspace
from playground.workspaces.models import AuditEntry, Invitation, Role, Workspace
from playground.workspaces.views.joining import ACCOUNTS_LIMIT
from tests.factories import PASSWORD, make_member, make_user, make_workspace
from tests.workspaces.pages import shown_link

pytestmark = pytest.mark.django_db

OFFER = {"role": "editor", "days": 7, "uses": "one"}
ACCOUNT = {"username": "cyd", "password1": "correct horse battery", "password2": "correct horse battery"}


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace("Team")


@pytest.fixture
def owner(workspace: Workspace) -> Client:
    client = Client()
    client.force_login(make_member(workspace, Role.OWNER, username="ada"))
    return client


def invite(owner: Client, **fields: object) -> str:
    response = owner.post("/workspace/invitations/", {**OFFER, **fields})
    assert response["Location"] == "/workspace/members/"
    return shown_link(owner)


class TestMakingOne:
    def test_the_link_is_shown_until_one_is_done_and_only_its_hash_is_kept(self, owner: Client) -> None:
        link = invite(owner)
        token = link.split("/")[2]
        owner.post("/i18n/setlang/", {"language": "zh-hans", "next": "/workspace/members/"})
        assert shown_link(owner) == link, "neither a reload nor another language loses it"
        assert token not in str(dict(owner.session)), "at rest it is encrypted"
        assert token not in owner.get("/account/tokens/").content.decode()
        done = owner.post("/account/shown/done/", {"next": "/workspace/members/"})
        assert done["Location"] == "/workspace/members/"
        assert token not in owner.get("/workspace/members/").content.decode()
        assert token not in str(vars(Invitation.objects.get()))
        assert token not in str(AuditEntry.objects.values())

    def test_the_one_just_made_is_marked_in_the_list(self, owner: Client) -> None:
        invite(owner, role="viewer")
        invite(owner, role="editor")
        rows = owner.get("/workspace/members/").content.decode().split('class="table table--cards invitations"')[1]
        assert rows.count("just made") == 1
        assert rows.index("Editor") < rows.index("just made") < rows.index("Viewer")

    def test_the_link_is_shown_for_ten_minutes(self, owner: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        token = invite(owner).split("/")[2]
        later = time.time() + 601
        monkeypatch.setattr(time, "time", lambda: later)
        assert token not in owner.get("/workspace/members/").content.decode()

    def test_the_address_of_the_form_leads_to_it(self, owner: Client) -> None:
        assert owner.get("/workspace/invitations/")["Location"] == "/workspace/members/"

    @pytest.mark.parametrize("days", [1, 7, 30])
    def test_it_expires_when_it_says(self, owner: Client, days: int) -> None:
        invite(owner, days=days)
        left = Invitation.objects.get().expires_at - timezone.now()
        assert timedelta(days=days, minutes=-1) < left <= timedelta(days=days)

    @pytest.mark.parametrize("wrong", [{"role": "admin"}, {"days": 365}, {"uses": "none"}])
    def test_what_is_wrong_is_marked_and_the_rest_kept(self, owner: Client, wrong: dict[str, object]) -> None:
        response = owner.post("/workspace/invitations/", {"role": "viewer", "days": 30, "uses": "any", **wrong})
        page = response.content.decode()
        assert response.status_code == 422
        assert page.count('aria-invalid="true"') == 1
        kept = {"role": "viewer", "days": "30", "uses": "any"}
        assert all(f'value="{value}" selected' in page for name, value in kept.items() if name not in wrong)
        assert not Invitation.objects.exists()


class TestJoining:
    def test_the_page_says_where_as_what_and_by_whom(self, client: Client, owner: Client) -> None:
        page = client.get(invite(owner, role="viewer")).content.decode()
        assert "Join “Team”" in page
        assert "ada invites you. Your role will be: Viewer." in page

    @pytest.mark.parametrize("role", list(Role))
    def test_who_is_signed_in_joins_by_the_button(self, client: Client, owner: Client, role: Role) -> None:
        user = make_member(make_workspace("Elsewhere"))
        client.force_login(user)
        link = invite(owner, role=role.value)
        for _ in range(2):
            assert f"Join as {user.username}" in client.get(link).content.decode()
        assert user.memberships.count() == 1, "opening the link changes nothing"
        assert client.post(link)["Location"] == "/"
        assert user.memberships.get(workspace__name="Team").role == role
        assert current_workspace(user).name == "Team"
        entry = AuditEntry.objects.get(action="member.join")
        assert entry.details == {"role": role.value, "invited_by": "ada"}

    def test_who_is_new_makes_an_account(self, client: Client, owner: Client) -> None:
        link = invite(owner)
        client.get(link)
        assert not User.objects.filter(username="cyd").exists()
        assert client.post(link, ACCOUNT)["Location"] == "/"
        user = User.objects.get(username="cyd")
        assert client.session["_auth_user_id"] == str(user.pk)
        assert user.check_password(ACCOUNT["password1"])
        assert not user.is_staff
        assert current_workspace(user).name == "Team"

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"username": "ADA"}, "username"),
            ({"username": "a b"}, "username"),
            ({"password1": "short", "password2": "short"}, "password2"),
            ({"password2": "another horse battery"}, "password2"),
        ],
    )
    def test_an_account_that_cannot_be_is_not_made(
        self, client: Client, owner: Client, wrong: dict[str, str], field: str
    ) -> None:
        link = invite(owner)
        response = client.post(link, {**ACCOUNT, **wrong})
        assert response.status_code == 422
        marked = re.findall(r'<input[^>]*name="(\w+)"[^>]*aria-invalid="true"', response.content.decode())
        assert marked == [field]
        assert f'value="{wrong.get("username", "cyd")}"' in response.content.decode()
        assert User.objects.count() == 1
        assert client.post(link, ACCOUNT).status_code == 302, "the link is not spent"

    def test_who_has_an_account_signs_in_and_comes_back(self, client: Client, owner: Client) -> None:
        make_user("bob")
        link = invite(owner)
        to_sign_in = f"/sign-in/?next={link}"
        assert f'href="{to_sign_in}"' in client.get(link).content.decode()
        response = client.post("/sign-in/", {"username": "bob", "password": PASSWORD, "next": link})
        assert response["Location"] == link
        assert "Join as bob" in client.get(link).content.decode()

    def test_a_member_is_told_so_and_spends_nothing(self, client: Client, owner: Client, workspace: Workspace) -> None:
        user = make_member(workspace, Role.VIEWER)
        client.force_login(user)
        link = invite(owner, role="owner")
        assert "You are in this workspace already" in client.get(link).content.decode()
        assert client.post(link).status_code == 302
        assert user.memberships.get().role == Role.VIEWER
        assert Invitation.objects.get().uses_left == 1

    def test_one_for_many_lets_many_in(self, owner: Client, workspace: Workspace) -> None:
        link = invite(owner, uses="any")
        for number in range(3):
            assert Client().post(link, {**ACCOUNT, "username": f"user-{number}"}).status_code == 302
        assert workspace.memberships.count() == 4

    def test_accounts_are_not_made_without_end(self, owner: Client) -> None:
        link = invite(owner, uses="any")
        for _ in range(ACCOUNTS_LIMIT):
            Client().post(link, {**ACCOUNT, "password2": "x"})
        response = Client().post(link, ACCOUNT)
        assert response.status_code == 429
        assert int(response["Retry-After"]) > 0
        assert 'value="cyd"' in response.content.decode()
        assert Client().post(link, ACCOUNT, REMOTE_ADDR="192.0.2.7").status_code == 302


class TestAnEndedOne:
    def ended(self, link: str) -> None:
        user = make_user()
        signed_in = Client()
        signed_in.force_login(user)
        for response in (Client().get(link), Client().post(link, ACCOUNT), signed_in.get(link), signed_in.post(link)):
            assert response.status_code == 404
            assert "This invitation no longer works" in response.content.decode()
        assert not user.memberships.exists()
        assert not User.objects.filter(username="cyd").exists()

    def test_used(self, owner: Client) -> None:
        link = invite(owner)
        Client().post(link, {**ACCOUNT, "username": "first"})
        self.ended(link)

    def test_expired(self, owner: Client) -> None:
        link = invite(owner)
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        self.ended(link)

    def test_revoked(self, owner: Client) -> None:
        link = invite(owner)
        page = owner.get("/workspace/members/").content.decode()
        path = re.search(r"/workspace/invitations/\d+/revoke/", page)
        assert path is not None
        assert owner.post(path[0]).status_code == 302
        assert owner.post(path[0]).status_code == 404
        assert path[0] not in owner.get("/workspace/members/").content.decode()
        self.ended(link)

    @pytest.mark.parametrize("how", ["removed", "editor", "disabled"])
    def test_made_by_one_who_owns_it_no_longer(self, owner: Client, workspace: Workspace, how: str) -> None:
        link = invite(owner, uses="any")
        inviter, other = User.objects.get(username="ada"), make_member(workspace, Role.OWNER)
        if how == "removed":
            members.remove(other, inviter.memberships.get())
        elif how == "editor":
            members.change_role(other, inviter.memberships.get(), Role.EDITOR)
        else:
            User.objects.filter(pk=inviter.pk).update(is_active=False)
        self.ended(link)

    def test_never_made(self) -> None:
        self.ended("/join/never-made/")


@pytest.mark.django_db(transaction=True)
def test_of_simultaneous_uses_of_the_last_place_one_wins() -> None:
    workspace = make_workspace()
    offer = invitations.Offer(role=Role.EDITOR, days=1)
    token, _invitation = invitations.invite(make_member(workspace, Role.OWNER), workspace, offer)
    people, barrier = [make_user() for _ in range(4)], Barrier(4)

    def accept(user: User) -> bool:
        try:
            barrier.wait()
            return invitations.accept(token, user).role == Role.EDITOR
        except NotFound:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(accept, people)) == [False, False, False, True]
    assert workspace.memberships.count() == 2


def test_the_token_is_in_no_log(owner: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.handler.addFilter(RedactTokens())
    link = invite(owner)
    owner.put(link)
    Client().post(link, {**ACCOUNT, "password2": "x"})
    logger = logging.getLogger("django.request")
    for path in (link, f"/sign-in/?next={link}", f"/sign-in/?next={quote(link, safe='')}"):
        logger.error("Internal Server Error: %s", path)
    assert "/join/…" in caplog.text
    assert link.split("/")[2] not in caplog.text


class TestMail:
    def test_is_not_offered_without_a_server(self, owner: Client, mailoutbox: list[EmailMessage]) -> None:
        assert 'type="email"' not in owner.get("/workspace/members/").content.decode()
        owner.post("/workspace/invitations/", {**OFFER, "email": "cyd@example.org"})
        assert Invitation.objects.get().email == ""
        assert mailoutbox == []

    def test_takes_the_link_there(self, owner: Client, settings: Settings, mailoutbox: list[EmailMessage]) -> None:
        settings.EMAIL_HOST = "mail.example.org"
        response = owner.post("/workspace/invitations/", {**OFFER, "email": "cyd@example.org"}, follow=True)
        link = shown_link(owner)
        assert "on its way to cyd@example.org" in response.content.decode()
        assert [message.to for message in mailoutbox] == [["cyd@example.org"]]
        assert mailoutbox[0].subject == "ada invites you to “Team”"
        assert f"http://testserver{link}" in mailoutbox[0].body
        assert "It works for 7 days." in mailoutbox[0].body
        assert 'value="cyd@example.org"' in Client().get(link).content.decode(), "offered for the new account"

    def test_that_fails_leaves_the_link(
        self, owner: Client, settings: Settings, caplog: pytest.LogCaptureFixture
    ) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
        response = owner.post("/workspace/invitations/", {**OFFER, "email": "cyd@example.org"}, follow=True)
        assert "The mail to cyd@example.org could not be sent." in response.content.decode()
        token = shown_link(owner).split("/")[2]
        assert "did not take a mail" in caplog.text
        assert token not in caplog.text
