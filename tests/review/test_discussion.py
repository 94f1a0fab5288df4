"""Threads of comments: pinned, answered, changed, resolved, and named people are told."""

from collections.abc import Mapping

import pytest

from playground.accounts.models import User
from playground.recording.redaction import Span
from playground.review.models import Anchor, Comment, Mention, Thread
from playground.runs.models import Run, Session, Turn, Visibility
from tests.factories import make_member
from tests.review.conftest import HTMX, TEXT, browser


def say(user: User, session: Session, *, body: str = "Look here.", **data: object) -> Thread:
    response = browser(user).post(f"/review/sessions/{session.pk}/threads/", {"body": body, **data}, headers=HTMX)
    assert response.status_code == 200, response.content
    return Thread.objects.order_by("-pk")[0]


def test_a_comment_on_selected_text_keeps_its_place_as_it_was_written(viewer: User, session: Session, run: Run) -> None:
    thread = say(viewer, session, anchor="text", run=run.pk, quote="quick brown", near=3)
    assert thread.start is not None
    assert thread.end is not None
    assert TEXT[thread.start : thread.end] == "quick** brown"
    assert (thread.quote, thread.turn) == ("quick brown", run.turn)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"anchor": "session"}, {"turn": False, "run": False}),
        ({"anchor": "turn"}, {"turn": True, "run": False}),
        ({"anchor": "run"}, {"turn": True, "run": True}),
        ({"anchor": "chunk", "seq": 4}, {"turn": True, "run": True, "seq": 4}),
        ({"anchor": "moment", "t": 150_000}, {"turn": True, "run": True, "t": 150_000}),
    ],
)
def test_a_thread_is_pinned_to_what_the_form_names(
    editor: User, session: Session, turn: Turn, run: Run, data: dict[str, object], expected: dict[str, object]
) -> None:
    thread = say(editor, session, turn=turn.pk, run=run.pk, **data)
    found = {"turn": thread.turn is not None, "run": thread.run is not None, "seq": thread.seq, "t": thread.t}
    assert thread.anchor == data["anchor"]
    assert {key: found[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"anchor": "text", "quote": "no such words", "near": "0"}, 422),
        ({"anchor": "text", "quote": "fox", "near": "many"}, 422),
        ({"anchor": "chunk", "seq": "999"}, 422),
        ({"anchor": "chunk", "seq": "-1"}, 422),
        ({"anchor": "moment", "t": "99000000"}, 422),
        ({"anchor": "weather"}, 422),
        ({"anchor": "run", "run": "0b7f0b5e-0000-7000-8000-000000000000"}, 404),
        ({"anchor": "turn", "turn": "junk"}, 404),
        ({"anchor": "session", "body": "  "}, 422),
        ({"anchor": "session", "body": "x" * 10_001}, 422),
    ],
)
def test_a_comment_that_cannot_be_kept_comes_back_with_all_that_was_typed(
    editor: User, session: Session, run: Run, data: Mapping[str, str], status: int
) -> None:
    typed = {"body": "My words", "run": str(run.pk), **data}
    response = browser(editor).post(f"/review/sessions/{session.pk}/threads/", typed, headers=HTMX)
    assert response.status_code == status
    assert not Thread.objects.exists()
    if status == 422:
        page = response.content.decode()
        assert 'aria-invalid="true"' in page
        assert typed["body"].strip() in page


def test_another_session_lends_no_place(editor: User, session: Session, run: Run) -> None:
    elsewhere = Session.objects.create(owner=editor, workspace=session.workspace, updated_at=session.updated_at)
    response = browser(editor).post(
        f"/review/sessions/{elsewhere.pk}/threads/", {"anchor": "run", "run": run.pk, "body": "Hello"}
    )
    assert response.status_code == 404


def test_people_answer_resolve_and_open_again(viewer: User, editor: User, session: Session, run: Run) -> None:
    thread = say(viewer, session, anchor="run", run=run.pk)
    browser(editor).post(f"/review/threads/{thread.pk}/reply/", {"body": "I see."})
    browser(editor).post(f"/review/threads/{thread.pk}/resolve/", {"resolved": "1"})
    thread.refresh_from_db()
    assert [comment.author for comment in thread.comments.all()] == [viewer, editor]
    assert thread.resolved_by == editor
    page = f"/review/sessions/{session.pk}/"
    assert b"I see." not in browser(viewer).get(page).content
    assert b"I see." in browser(viewer).get(f"{page}?show=resolved").content
    browser(viewer).post(f"/review/threads/{thread.pk}/resolve/", {"resolved": "0"})
    assert b"I see." in browser(viewer).get(page).content


def test_only_who_wrote_a_comment_changes_it_and_an_owner_may_delete_it(
    viewer: User, editor: User, owner: User, session: Session
) -> None:
    comment = say(viewer, session).comments.get()
    assert browser(editor).post(f"/review/comments/{comment.pk}/edit/", {"body": "Mine"}).status_code == 403
    assert browser(editor).post(f"/review/comments/{comment.pk}/delete/").status_code == 403
    browser(viewer).post(f"/review/comments/{comment.pk}/edit/", {"body": "Better words"})
    comment.refresh_from_db()
    assert (comment.body, comment.edited_at is not None) == ("Better words", True)
    assert browser(owner).post(f"/review/comments/{comment.pk}/delete/", headers=HTMX).status_code == 200
    assert not Thread.objects.exists()


def test_a_deleted_comment_leaves_the_rest_of_its_thread(viewer: User, editor: User, session: Session) -> None:
    thread = say(viewer, session, body="First words")
    browser(editor).post(f"/review/threads/{thread.pk}/reply/", {"body": "An answer"})
    first = thread.comments.order_by("pk")[0]
    page = browser(viewer).post(f"/review/comments/{first.pk}/delete/", headers=HTMX).content
    assert b"First words" not in page
    assert b"An answer" in page


def test_who_is_named_is_told_once_and_reads_it_at_the_thread(viewer: User, editor: User, session: Session) -> None:
    thread = say(viewer, session, body="@editor and @editor, see @nobody and me@editor")
    mention = Mention.objects.get()
    assert mention.user == editor
    assert b"new mention" in browser(editor).get("/review/mentions/badge/").content
    assert b"Foxes" in browser(editor).get("/review/mentions/").content
    browser(editor).get(f"/review/threads/{thread.pk}/")
    assert browser(editor).get("/review/mentions/badge/").content.strip() == b""


def test_all_mentions_are_marked_as_read(viewer: User, editor: User, session: Session) -> None:
    say(viewer, session, body="@editor one")
    say(viewer, session, body="@editor two")
    browser(editor).post("/review/mentions/seen/")
    assert not Mention.objects.filter(seen_at=None).exists()


def test_an_edit_tells_who_is_named_now_and_takes_back_who_is_not(
    viewer: User, editor: User, owner: User, session: Session
) -> None:
    comment = say(viewer, session, body="@editor look").comments.get()
    browser(viewer).post(f"/review/comments/{comment.pk}/edit/", {"body": "@owner look"})
    assert [mention.user for mention in Mention.objects.all()] == [owner]


def test_the_author_learns_who_cannot_see_a_private_session(author: User, editor: User, session: Session) -> None:
    Session.objects.filter(pk=session.pk).update(visibility=Visibility.PRIVATE)
    page = (
        browser(author)
        .post(f"/review/sessions/{session.pk}/threads/", {"body": "@editor?"}, headers=HTMX)
        .content.decode()
    )
    assert "cannot see this private session: editor" in " ".join(page.split())
    assert not Mention.objects.exists()


def test_a_mention_is_gone_with_the_sight_of_its_session(viewer: User, editor: User, session: Session) -> None:
    say(viewer, session, body="@editor look")
    Session.objects.filter(pk=session.pk).update(visibility=Visibility.PRIVATE)
    assert b"Foxes" not in browser(editor).get("/review/mentions/").content


def test_a_comment_is_markdown_that_cannot_hurt(viewer: User, editor: User, session: Session) -> None:
    body = "**bold** <script>alert(1)</script> [x](javascript:alert(1)) @editor `@editor`"
    say(viewer, session, body=body)
    page = browser(editor).get(f"/review/sessions/{session.pk}/").content.decode()
    assert "<strong>bold</strong>" in page
    assert "<script>alert" not in page
    assert 'javascript:alert(1)"' not in page
    assert '<span class="mention">@editor</span>' in page


def test_a_strange_name_is_no_mention_of_the_name_in_it(db: None, viewer: User, session: Session) -> None:
    make_member(username="ed.itor")
    say(viewer, session, body="Hello @ed.itor, and not a/@ed")
    assert [mention.user.get_username() for mention in Mention.objects.all()] == ["ed.itor"]


def test_marks_tell_counts_and_where_the_spans_are_shown(viewer: User, session: Session, turn: Turn, run: Run) -> None:
    thread = say(viewer, session, anchor="text", run=run.pk, quote="the dog", near=0)
    say(viewer, session, anchor="turn", turn=turn.pk)
    say(viewer, session)
    response = browser(viewer).get(f"/review/sessions/{session.pk}/marks/")
    marks = response.context["marks"]
    assert marks["open"] == 3
    assert marks["turns"][str(turn.pk)]["open"] == 1
    start = "Thequickbrownfoxjumpsover".__len__()
    assert marks["runs"][str(run.pk)]["spans"] == [[str(thread.pk), start, start + 6]]
    assert Span(thread.start or 0, thread.end or 0) == Span(TEXT.index("the dog"), TEXT.index("](http"))


def test_each_thread_links_to_its_place(viewer: User, session: Session, turn: Turn, run: Run) -> None:
    say(viewer, session, anchor=Anchor.CHUNK, run=run.pk, seq=5)
    say(viewer, session, anchor=Anchor.MOMENT, run=run.pk, t=200_000)
    page = browser(viewer).get(f"/review/sessions/{session.pk}/").content.decode()
    assert f"/runs/{run.pk}/?view=tokens&amp;seq=5#thread-" in page
    assert f"/runs/{run.pk}/?view=timeline&amp;t=0.200#thread-" in page


def test_a_comment_goes_with_its_run(viewer: User, session: Session, run: Run) -> None:
    say(viewer, session, anchor="run", run=run.pk)
    run.turn.delete()
    assert not Comment.objects.exists()


def test_a_comment_that_is_sent_twice_is_there_once(viewer: User, editor: User, session: Session) -> None:
    thread = say(viewer, session)
    say(viewer, session)
    for _click in range(2):
        browser(viewer).post(f"/review/threads/{thread.pk}/reply/", {"body": "And here."}, headers=HTMX)
    assert [comment.body for comment in Comment.objects.all()] == ["Look here.", "And here."]
    say(editor, session)
    assert Comment.objects.count() == 3


def test_a_comment_that_is_too_long_comes_back_whole(viewer: User, session: Session) -> None:
    body = "x" * 10_001
    response = browser(viewer).post(f"/review/sessions/{session.pk}/threads/", {"body": body}, headers=HTMX)
    assert response.status_code == 422
    assert "at most 10,000 characters; this one has 10001" in response.content.decode()
    assert body in response.content.decode()
