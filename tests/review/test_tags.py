"""Tags: editors put them on sessions, owners keep the workspace's list."""

import pytest

from playground.accounts.models import User
from playground.review.models import SessionTag, Tag
from playground.review.tags import add_tag
from playground.runs.models import Session, Visibility
from playground.workspaces.models import AuditEntry
from tests.history.factories import make_session
from tests.review.conftest import HTMX, browser


def names(session: Session) -> list[str]:
    return list(Tag.objects.filter(session_tags__session=session).values_list("name", flat=True))


@pytest.fixture
def other(editor: User) -> Session:
    return make_session(editor, title="Other", visibility=Visibility.WORKSPACE)


def test_an_editor_adds_and_removes_a_tag(editor: User, session: Session) -> None:
    page = browser(editor)
    page.post(f"/review/sessions/{session.pk}/tags/", {"name": " #needs  work "})
    assert names(session) == ["needs work"]
    assert b"needs work" in page.get(f"/review/sessions/{session.pk}/").content
    page.post(f"/review/sessions/{session.pk}/tags/{Tag.objects.get().pk}/remove/")
    assert names(session) == []


def test_a_tag_is_the_same_in_any_case(editor: User, session: Session, other: Session) -> None:
    for where, name in ((session, "Refund"), (other, "refund"), (session, "REFUND")):
        browser(editor).post(f"/review/sessions/{where.pk}/tags/", {"name": name})
    assert [tag.name for tag in Tag.objects.all()] == ["Refund"]
    assert SessionTag.objects.count() == 2


@pytest.mark.parametrize("name", ["", "  ", "a,b", "x" * 41, "#"])
def test_what_is_no_tag_comes_back(editor: User, session: Session, name: str) -> None:
    response = browser(editor).post(f"/review/sessions/{session.pk}/tags/", {"name": name}, headers=HTMX)
    assert response.status_code == 422
    assert b'aria-invalid="true"' in response.content
    assert not Tag.objects.exists()


def test_a_new_name_that_another_tag_has_merges_the_two(owner: User, session: Session, other: Session) -> None:
    stays, goes = add_tag(session, "good"), add_tag(session, "nice")
    add_tag(other, "nice")
    browser(owner).post(f"/review/tags/{goes.pk}/rename/", {"name": "Good"})
    assert list(Tag.objects.all()) == [stays]
    assert names(session) == names(other) == ["good"]
    assert AuditEntry.objects.get().action == "tag.merge"


def test_an_owner_renames_and_deletes(owner: User, session: Session) -> None:
    tag = add_tag(session, "nise")
    browser(owner).post(f"/review/tags/{tag.pk}/rename/", {"name": "nice"})
    assert names(session) == ["nice"]
    assert browser(owner).post(f"/review/tags/{tag.pk}/rename/", {"name": "a,b"}).status_code == 422
    browser(owner).post(f"/review/tags/{tag.pk}/delete/")
    assert not Tag.objects.exists()


def test_the_list_counts_only_what_one_sees(viewer: User, author: User, session: Session) -> None:
    add_tag(session, "shared")
    add_tag(make_session(author, title="Private"), "shared")
    assert [tag.uses for tag in browser(viewer).get("/review/tags/").context["tags"]] == [1]


def test_viewers_tag_nothing_and_editors_keep_no_list(viewer: User, editor: User, session: Session) -> None:
    tag = add_tag(session, "there")
    assert browser(viewer).post(f"/review/sessions/{session.pk}/tags/", {"name": "new"}).status_code == 403
    assert browser(editor).post(f"/review/tags/{tag.pk}/delete/").status_code == 403
