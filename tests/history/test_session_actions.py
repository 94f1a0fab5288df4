"""Renaming, pinning, deleting a session and taking the deletion back, with HTMX and without scripts."""

from datetime import timedelta
from http import HTTPStatus

import pytest
from django.test import Client
from django.utils import timezone

from playground.accounts.models import User
from playground.history.services import TITLE_LENGTH, default_title
from playground.recording.status import RunStatus
from playground.runs.models import Session
from playground.runs.purge import purge
from playground.workspaces.models import AuditEntry
from tests.history.conftest import HTMX
from tests.history.factories import make_run, make_session, make_turn


@pytest.fixture
def session(owner: User) -> Session:
    return make_session(owner, title="Before", prompts=["The first prompt"])


def act(client: Client, session: Session, action: str, *, htmx: bool = False, **data: str) -> object:
    return client.post(f"/sessions/{session.pk}/{action}/", data, headers=HTMX if htmx else {})


def test_rename(client: Client, session: Session) -> None:
    response = client.post(
        f"/sessions/{session.pk}/rename/", {"title": "  After\n <b>all</b> ", "row": "1"}, headers=HTMX
    )

    session.refresh_from_db()
    assert session.title == "After <b>all</b>"
    assert "After &lt;b&gt;all&lt;/b&gt;" in response.text
    assert "sessions-changed" in response["HX-Trigger"]


@pytest.mark.parametrize(
    ("title", "kept"), [("", "The first prompt"), (" \n ", "The first prompt"), ("x" * 300, "x" * TITLE_LENGTH)]
)
def test_rename_to_nothing_or_too_much(client: Client, session: Session, title: str, kept: str) -> None:
    act(client, session, "rename", title=title)

    session.refresh_from_db()
    assert session.title == kept


def test_rename_in_the_row_can_be_given_up(client: Client, session: Session) -> None:
    form = client.get(f"/sessions/{session.pk}/rename/", headers=HTMX).text
    row = client.get(f"/sessions/{session.pk}/row/", headers=HTMX).text

    assert 'value="Before"' in form
    assert "<html" not in form
    assert 'class="history__title"' in row


def test_rename_without_scripts(client: Client, session: Session) -> None:
    page = client.get(f"/sessions/{session.pk}/rename/")
    posted = client.post(f"/sessions/{session.pk}/rename/", {"title": "After"}, follow=True)

    assert "<html" in page.text
    assert posted.redirect_chain == [("/sessions/", HTTPStatus.FOUND)]
    assert "After" in posted.text


@pytest.mark.parametrize(
    ("target", "goes"),
    [
        ("/runs/", "/runs/"),
        ("https://evil.example/", "/sessions/"),
        ("//evil.example", "/sessions/"),
        ("", "/sessions/"),
    ],
)
def test_a_form_goes_on_only_to_pages_of_ours(client: Client, session: Session, target: str, goes: str) -> None:
    response = client.post(f"/sessions/{session.pk}/pin/", {"pinned": "1", "next": target})

    assert response["Location"] == goes


def test_pin_and_unpin(client: Client, session: Session) -> None:
    client.post(f"/sessions/{session.pk}/pin/", {"pinned": "1"})
    session.refresh_from_db()
    assert session.pinned

    response = client.post(f"/sessions/{session.pk}/pin/", {"pinned": "0", "row": "1"}, headers=HTMX)
    session.refresh_from_db()
    assert not session.pinned
    assert "history__pin" not in response.text


def test_a_pin_moves_the_row(client: Client, session: Session) -> None:
    pinned = client.post(f"/sessions/{session.pk}/pin/", {"pinned": "1", "row": "1"}, headers=HTMX)

    assert "sessions-moved" in pinned["HX-Trigger"]
    assert 'hx-trigger="sessions-moved from:body"' in client.get("/sessions/").text


def test_a_form_elsewhere_gets_no_row_only_the_news(client: Client, session: Session) -> None:
    response = client.post(f"/sessions/{session.pk}/pin/", {"pinned": "1"}, headers=HTMX)

    assert response.status_code == HTTPStatus.NO_CONTENT
    assert "sessions-changed" in response["HX-Trigger"]


def test_delete_and_undo_in_the_row(client: Client, session: Session) -> None:
    gone = client.post(f"/sessions/{session.pk}/delete/", {"row": "1"}, headers=HTMX)

    assert "was deleted" in gone.text
    assert f"/sessions/{session.pk}/restore/" in gone.text
    assert "Before" not in client.get("/sessions/").text

    back = client.post(f"/sessions/{session.pk}/restore/", {"row": "1"}, headers=HTMX)

    assert 'class="history__title"' in back.text
    assert "Before" in client.get("/sessions/").text


def test_delete_and_undo_without_scripts(client: Client, session: Session) -> None:
    page = client.post(f"/sessions/{session.pk}/delete/", follow=True)

    assert page.redirect_chain == [(f"/sessions/?undo={session.pk}", HTTPStatus.FOUND)]
    assert "was deleted" in page.text

    restored = client.post(f"/sessions/{session.pk}/restore/", follow=True)

    assert "Before" in restored.text
    assert "was deleted" not in client.get(f"/sessions/?undo={session.pk}").text
    assert "was deleted" not in client.get("/sessions/?undo=nonsense").text


def test_delete_from_elsewhere_leaves_the_page_that_is_gone(client: Client, session: Session) -> None:
    response = client.post(f"/sessions/{session.pk}/delete/", headers=HTMX)

    assert response["HX-Redirect"] == f"/sessions/?undo={session.pk}"


def test_delete_stops_what_still_runs(client: Client, session: Session) -> None:
    live = make_run(make_turn(session), status=RunStatus.STREAMING)
    done = make_run(make_turn(session))

    act(client, session, "delete")

    live.refresh_from_db()
    done.refresh_from_db()
    assert live.stop_requested_at is not None
    assert done.stop_requested_at is None


def test_after_30_days_a_deletion_is_final(owner: User, client: Client, session: Session) -> None:
    recent = make_session(owner, title="recent", deleted_at=timezone.now() - timedelta(days=29))
    expired = make_session(owner, title="expired", deleted_at=timezone.now() - timedelta(days=30, minutes=1))

    assert client.post(f"/sessions/{expired.pk}/restore/").status_code == HTTPStatus.NOT_FOUND
    assert client.post(f"/sessions/{recent.pk}/restore/").status_code == HTTPStatus.FOUND


def test_the_purge_removes_what_was_deleted_long_ago_of_everyone(owner: User, stranger: User) -> None:
    kept = [make_session(owner), make_session(owner, deleted_at=timezone.now() - timedelta(days=29))]
    for person in (owner, stranger):
        make_run(make_turn(make_session(person, deleted_at=timezone.now() - timedelta(days=31))))

    assert purge() == 2
    assert purge() == 0
    assert set(Session.objects.all()) == set(kept)


def test_a_deletion_and_its_undoing_are_in_the_audit_log(client: Client, session: Session) -> None:
    act(client, session, "delete")
    act(client, session, "restore")

    entries = AuditEntry.objects.filter(subject_id=str(session.pk)).order_by("pk")
    assert [entry.action for entry in entries] == ["session.delete", "session.restore"]


@pytest.mark.parametrize(
    ("prompt", "title"),
    [
        ("Hello", "Hello"),
        ("\n\n  # A heading\nand text", "A heading"),
        ("", ""),
        ("word " * 40, "word " * 14 + "word…"),
        ("北" * 100, "北" * 80 + "…"),
        ("---", "---"),
    ],
)
def test_default_titles(prompt: str, title: str) -> None:
    assert default_title(prompt) == title
