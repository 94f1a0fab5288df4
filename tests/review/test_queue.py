"""The review queue: asked for, assigned, taken, reviewed, and back when more runs come."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from playground.accounts.models import User
from playground.review.models import Review
from playground.review.queue import ask_for_review
from playground.runs.models import Run, Session, Turn, Visibility
from playground.workspaces.models import AuditEntry
from tests.history.factories import make_run, make_session, make_turn
from tests.review.conftest import HTMX, browser
from tests.review.test_discussion import say


@pytest.fixture
def review(session: Session, author: User, run: Run) -> Review:
    return ask_for_review(session, author, None, make_visible=False)


def shown(user: User, show: str) -> list[str]:
    page = browser(user).get(f"/review/?show={show}").context["page"]
    return [review.session.title for review in page]


def post(user: User, session: Session, action: str, **data: object) -> int:
    status: int = browser(user).post(f"/review/sessions/{session.pk}/{action}/", data).status_code
    return status


def test_a_session_waits_until_somebody_has_reviewed_it(author: User, viewer: User, session: Session, run: Run) -> None:
    post(author, session, "ask", assignee=viewer.pk)
    assert shown(viewer, "mine") == shown(author, "all") == ["Foxes"]
    assert shown(viewer, "unassigned") == shown(viewer, "done") == []
    assert post(viewer, session, "done") == 302
    assert shown(viewer, "all") == []
    assert shown(viewer, "done") == ["Foxes"]


def test_a_later_run_brings_it_back_with_what_changed(
    author: User, viewer: User, session: Session, turn: Turn, review: Review
) -> None:
    Review.objects.update(reviewed_at=timezone.now() - timedelta(minutes=5), reviewed_by=viewer)
    Run.objects.update(created_at=timezone.now() - timedelta(minutes=9))
    Turn.objects.update(created_at=timezone.now() - timedelta(minutes=9))
    say(author, session)
    assert shown(viewer, "all") == []
    make_run(make_turn(session, "And then?"))
    (found,) = browser(viewer).get("/review/").context["page"]
    assert (found.is_changed, found.new_turns, found.new_runs, found.new_comments) == (True, 1, 1, 1)
    assert b"changed since review" in browser(viewer).get(f"/review/sessions/{session.pk}/").content


def test_a_private_session_is_shown_to_the_workspace_only_after_asking(author: User, editor: User) -> None:
    session = make_session(author, title="Secret")
    response = browser(author).post(f"/review/sessions/{session.pk}/ask/", headers=HTMX)
    assert response.status_code == 422
    assert b'name="visible"' in response.content
    assert shown(editor, "all") == []
    post(author, session, "ask", visible="1")
    assert shown(editor, "all") == ["Secret"]
    session.refresh_from_db()
    assert session.visibility == Visibility.WORKSPACE
    assert AuditEntry.objects.get().action == "session.visibility"


def test_a_viewer_takes_and_leaves_a_session_and_gives_it_to_nobody(
    viewer: User, editor: User, session: Session, review: Review
) -> None:
    assert post(viewer, session, "done") == 403
    assert post(viewer, session, "assign", assignee=editor.pk) == 403
    assert post(viewer, session, "assign", assignee="me") == 302
    assert shown(viewer, "mine") == ["Foxes"]
    assert post(viewer, session, "assign", assignee="") == 302
    assert post(editor, session, "assign", assignee=editor.pk) == 302
    assert post(viewer, session, "assign", assignee="me") == 403


def test_only_who_sees_a_session_reviews_it(editor: User, stranger: User, session: Session, review: Review) -> None:
    assert post(editor, session, "assign", assignee=stranger.pk) == 422
    assert post(editor, session, "assign", assignee="99999") == 422
    assert post(editor, session, "assign", assignee="²") == 422


def test_the_next_is_ones_own_then_a_free_one(author: User, viewer: User, session: Session, review: Review) -> None:
    mine = make_session(author, title="Mine", visibility=Visibility.WORKSPACE)
    ask_for_review(mine, author, viewer, make_visible=False)
    page = browser(viewer)
    assert page.get("/review/next/")["Location"] == f"/sessions/{mine.pk}/#review"
    assert page.get(f"/review/next/?after={mine.pk}")["Location"] == f"/sessions/{session.pk}/#review"
    post(viewer, mine, "done")
    assert page.get(f"/review/next/?after={session.pk}")["Location"] == "/review/"
    assert page.get("/review/next/?after=junk")["Location"] == f"/sessions/{session.pk}/#review"


def test_it_leaves_the_queue(editor: User, viewer: User, session: Session, review: Review) -> None:
    assert post(viewer, session, "withdraw") == 403
    assert post(editor, session, "withdraw") == 302
    assert shown(viewer, "all") == []


def test_the_queue_answers_in_place(editor: User, session: Session, review: Review) -> None:
    data = {"queue": "1", "assignee": editor.pk}
    response = browser(editor).post(f"/review/sessions/{session.pk}/assign/?show=mine", data, headers=HTMX)
    assert b'id="queue"' in response.content
    assert b"Foxes" in response.content


def test_what_was_made_private_again_leaves_everyone_elses_queue(
    author: User, viewer: User, session: Session, review: Review
) -> None:
    Session.objects.update(visibility=Visibility.PRIVATE)
    assert shown(viewer, "all") == []
    assert shown(author, "all") == ["Foxes"]


def queries(ask: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as captured:
        ask()
    return len(captured)


def test_queries_do_not_grow_with_the_queue(author: User, viewer: User, session: Session, review: Review) -> None:
    page = browser(viewer)
    few = queries(lambda: page.get("/review/"))
    for number in range(12):
        other = make_session(author, title=f"Other {number}", visibility=Visibility.WORKSPACE, prompts=["Hi"])
        make_run(other.turns.get())
        ask_for_review(other, author, viewer, make_visible=False)
    assert queries(lambda: page.get("/review/")) == few


@pytest.mark.parametrize("address", ["", "marks/", "?run={run}", "?show=all"])
def test_queries_do_not_grow_with_the_discussion(
    viewer: User, author: User, session: Session, turn: Turn, run: Run, address: str
) -> None:
    page = browser(viewer)
    url = f"/review/sessions/{session.pk}/{address.format(run=run.pk)}"
    say(author, session, anchor="text", run=run.pk, quote="fox", near=0)
    say(author, session, anchor="turn", turn=turn.pk)
    few = queries(lambda: page.get(url, headers=HTMX))
    for _ in range(4):
        another = make_run(make_turn(session, "More"))
        say(viewer, session, anchor="run", run=another.pk)
        say(viewer, session, anchor="text", run=run.pk, quote="fox", near=0)
        page.post(f"/review/runs/{another.pk}/rate/", {"value": 1})
    assert queries(lambda: page.get(url, headers=HTMX)) == few
