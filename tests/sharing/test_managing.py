"""Making links and revoking them: who may, what it says, and what the audit log keeps of it."""

import logging

import pytest
from django.test import Client
from django.urls import reverse

from playground.accounts.models import User
from playground.accounts.redaction import RedactTokens
from playground.runs.models import Session, Visibility
from playground.sharing.contents import Contents
from playground.sharing.links import LinkDraft, share_session
from playground.sharing.models import ShareLink
from playground.workspaces.models import AuditEntry, Role, Workspace
from tests.factories import make_member
from tests.history.conftest import signed_in
from tests.history.factories import make_run, make_session, make_turn

FORM = {"name": "For the board", "lifetime": "30", "password": "", "parameters": "on"}


@pytest.fixture
def session(owner: User) -> Session:
    session = make_session(owner, title="Quarterly song", prompts=["Sing"])
    make_run(session.turns.get())
    return session


@pytest.fixture
def url(session: Session) -> str:
    return reverse("sharing:links", args=[session.pk])


def test_a_new_link_is_shown_once_with_its_qr_code(client: Client, url: str) -> None:
    assert client.post(url, FORM)["Location"] == url
    page = client.get(url).content.decode()
    link = ShareLink.objects.get()
    assert "/s/" in page
    assert "<svg" in page
    assert "style=" not in page
    client.post(reverse("workspaces:done-showing"), {"next": url})
    assert "/s/" not in client.get(url).content.decode()
    assert (link.name, link.shows_parameters, link.shows_timeline, link.shows_system) == (
        "For the board",
        True,
        False,
        False,
    )
    assert link.expires_at is not None
    assert (link.expires_at - link.created_at).days in (29, 30)


def test_a_token_has_at_least_128_bits(owner: User, session: Session) -> None:
    tokens = {share_session(owner, session, LinkDraft(Contents()))[1] for _ in range(3)}
    assert len(tokens) == 3
    assert all(len(token) >= 32 for token in tokens)


def test_an_invalid_form_comes_back_as_it_was_typed(client: Client, url: str) -> None:
    response = client.post(url, {**FORM, "lifetime": "forever", "password": "p4ss phrase"})
    page = response.content.decode()
    assert response.status_code == 422
    assert 'aria-invalid="true"' in page
    assert "For the board" in page
    assert "p4ss phrase" in page
    assert not ShareLink.objects.exists()


def test_only_the_author_shares(session: Session, url: str, teammate: User, stranger: User) -> None:
    assert signed_in(stranger).get(url).status_code == 404
    assert signed_in(teammate).get(url).status_code == 404
    Session.objects.filter(pk=session.pk).update(visibility=Visibility.WORKSPACE)
    assert signed_in(teammate).post(url, FORM).status_code == 403
    assert signed_in(None).get(url).status_code == 302
    assert not ShareLink.objects.exists()


def test_links_are_listed_and_revoked(client: Client, url: str, owner: User, session: Session) -> None:
    link, token = share_session(owner, session, LinkDraft(Contents(), name="Old friend"))
    assert "Old friend" in client.get(url).content.decode()
    response = client.post(reverse("sharing:revoke", args=[link.pk]), {"next": "https://elsewhere.example/"})
    assert response.headers["Location"] == url
    assert "Old friend" not in client.get(url).content.decode()
    assert Client().get(reverse("sharing:page", args=[token])).status_code == 404


def test_a_workspaces_owner_sees_and_revokes_all_links_but_not_what_private_sessions_are_called(
    session: Session, owner: User, teammate: User, stranger: User
) -> None:
    link, _token = share_session(owner, session, LinkDraft(Contents(), name="Board"))
    boss = signed_in(make_member(Workspace.objects.default(), Role.OWNER))
    page = boss.get(reverse("sharing:workspace-links")).content.decode()
    assert "Board" in page
    assert "Quarterly song" not in page
    assert signed_in(teammate).get(reverse("sharing:workspace-links")).status_code == 403
    revoke = reverse("sharing:revoke", args=[link.pk])
    assert signed_in(teammate).post(revoke).status_code == 404
    assert signed_in(stranger).post(revoke).status_code == 404
    assert boss.post(revoke).status_code == 302
    link.refresh_from_db()
    assert link.revoked_at is not None


def test_the_audit_log_tells_who_shared_and_revoked(client: Client, url: str) -> None:
    client.post(url, FORM)
    client.post(reverse("sharing:revoke", args=[ShareLink.objects.get().pk]))
    entries = AuditEntry.objects.order_by("pk")
    assert [entry.action for entry in entries] == ["share.create", "share.revoke"]
    assert entries[0].details["name"] == "For the board"
    assert "Quarterly song" not in str([(entry.subject, entry.details) for entry in entries])


def test_two_runs_are_shared_by_one_link(client: Client, owner: User, session: Session, stranger: User) -> None:
    left, right = session.turns.get().runs.get(), make_run(make_turn(session, "Again"))
    url = f"{reverse('sharing:comparison-links')}?a={left.pk}&b={right.pk}"
    assert client.post(url, FORM)["Location"] == url
    assert "/s/" in client.get(url).content.decode()
    link = ShareLink.objects.get()
    assert (link.left_id, link.right_id, link.session_id) == (left.pk, right.pk, None)
    assert signed_in(stranger).get(url).status_code == 404
    assert client.get(reverse("sharing:comparison-links")).status_code == 404


def test_tokens_stay_out_of_logs() -> None:
    for line in ("Not Found: /s/AbC-_9/", "GET /s/AbC-_9/runs/1/?view=tokens", "WebSocket /ws/v1?share=12:1v:AbC-_9"):
        record = logging.LogRecord("django.request", logging.WARNING, "", 0, line, None, None)
        RedactTokens().filter(record)
        assert "AbC" not in record.getMessage()
