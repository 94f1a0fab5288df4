"""Spans that are hidden from links: who may, what is stored, and what members see of it."""

import pytest

from playground.accounts.models import User
from playground.review.models import Redaction
from playground.runs.models import Run, Session, Turn, Visibility
from playground.workspaces.models import AuditEntry
from tests.history.factories import make_run, stream
from tests.review.conftest import HTMX, TEXT, browser


def hide(user: User, session: Session, **data: object) -> int:
    status: int = browser(user).post(f"/review/sessions/{session.pk}/redactions/", data, headers=HTMX).status_code
    return status


@pytest.mark.parametrize("part", ["answer", "reasoning", "prompt", "system"])
def test_every_part_of_a_turn_can_be_hidden(author: User, session: Session, turn: Turn, part: str) -> None:
    run = make_run(turn, stream([{"reasoning": "I think of "}, {"reasoning": "a secret"}, "The secret", " is out"]))
    texts = {"answer": run.text, "reasoning": run.reasoning, "prompt": turn.prompt, "system": turn.system}
    quote = {"answer": "secret is", "reasoning": "a secret", "prompt": "3cret", "system": "brief"}[part]
    assert hide(author, session, part=part, turn=turn.pk, run=run.pk, quote=quote, near=1) == 200
    redaction = Redaction.objects.get()
    assert texts[part][redaction.start : redaction.end] == quote
    assert (redaction.run_id is not None) == (part in {"answer", "reasoning"})
    assert AuditEntry.objects.get().action == "redaction.add"


def test_spans_that_touch_become_one(author: User, session: Session, run: Run) -> None:
    for quote in ("quick", "brown fox", "k** bro", "jumps"):
        hide(author, session, part="answer", run=run.pk, quote=quote.replace("*", ""), near=0)
    spans = [TEXT[redaction.start : redaction.end] for redaction in Redaction.objects.all()]
    assert spans == ["quick** brown fox", "jumps"]


def test_it_is_listed_and_shown_again(author: User, session: Session, turn: Turn) -> None:
    hide(author, session, part="prompt", turn=turn.pk, quote="3cret", near=20)
    page = browser(author)
    assert b"3cret</span>" in page.get(f"/review/sessions/{session.pk}/").content
    page.post(f"/review/redactions/{Redaction.objects.get().pk}/remove/")
    assert not Redaction.objects.exists()
    assert [entry.action for entry in AuditEntry.objects.order_by("pk")] == ["redaction.add", "redaction.remove"]


def test_members_see_the_mark(viewer: User, author: User, session: Session, turn: Turn) -> None:
    hide(author, session, part="system", turn=turn.pk, quote="brief", near=0)
    marks = browser(viewer).get(f"/review/sessions/{session.pk}/marks/").context["marks"]
    assert marks["turns"][str(turn.pk)]["hidden"] == [["system", 2, 7]]


def test_only_its_owner_and_the_workspaces_owners_hide_text(
    author: User, owner: User, editor: User, viewer: User, stranger: User, session: Session, turn: Turn
) -> None:
    data = {"part": "prompt", "turn": turn.pk, "quote": "fox", "near": 0}
    asked = {user.get_username(): hide(user, session, **data) for user in (author, owner, editor, viewer, stranger)}
    assert asked == {"author": 200, "owner": 200, "editor": 403, "viewer": 403, "stranger": 404}
    remove = f"/review/redactions/{Redaction.objects.get().pk}/remove/"
    assert browser(editor).post(remove).status_code == 403
    assert browser(stranger).post(remove).status_code == 404
    Session.objects.update(visibility=Visibility.PRIVATE)
    assert browser(owner).post(remove).status_code == 404


@pytest.mark.parametrize(
    "data", [{"part": "answer", "quote": "not there"}, {"part": "title"}, {"part": "answer", "near": "x"}]
)
def test_what_cannot_be_found_is_refused(author: User, session: Session, run: Run, data: dict[str, str]) -> None:
    assert hide(author, session, **{"run": run.pk, "quote": "fox", "near": 0, **data}) == 422
    assert not Redaction.objects.exists()


def test_the_same_text_is_hidden_wherever_it_stands(author: User, session: Session, turn: Turn) -> None:
    run = make_run(turn, text="Your key is 3cret, yes 3cret.")
    hide(author, session, part="prompt", turn=turn.pk, quote="3cret", near=20)
    first = Redaction.objects.get()
    assert b"Hide 2 more like it" in browser(author).get(f"/review/sessions/{session.pk}/").content
    browser(author).post(f"/review/redactions/{first.pk}/everywhere/")
    hidden = [run.text[each.start : each.end] for each in Redaction.objects.filter(run=run)]
    assert hidden == ["3cret", "3cret"]
    assert b"more like it" not in browser(author).get(f"/review/sessions/{session.pk}/").content
