"""The lab: what a rule does to a recording, seen before it is saved."""

import pytest
from django.test import Client
from django.urls import reverse

from playground.accounts.models import User
from playground.filters.analysis import Arrival, Mark, examine
from playground.filters.drawing import drawn
from playground.filters.streaming import compile_rule
from playground.runs.models import Run
from tests.factories import make_member
from tests.filters.factories import make_rule
from tests.history.factories import make_run, make_session, make_turn, stream

LAB = reverse("filters:lab")


def test_a_report_counts_marks_and_times() -> None:
    came = [Arrival(0, "a c"), Arrival(10, "a"), Arrival(30, "t. ca"), Arrival(40, "r")]
    report = examine(compile_rule("cat", "dog"), came, 100)
    assert report.marks == [
        Mark(("a ",), "a ", is_match=False),
        Mark(("c", "a", "t"), "dog", is_match=True),
        Mark((". car",), ". car", is_match=False),
    ]
    assert (report.matches, report.cut, report.removed, report.inserted) == (1, 1, 3, 3)
    assert report.shown == [Arrival(0, "a "), Arrival(30, "dog. "), Arrival(40, "car")]
    assert (report.held_most, report.held_longest) == (2, 30)
    assert report.held_mean == pytest.approx((30 + 20 + 10 + 10) / 10)


def test_what_is_held_back_to_the_end_is_let_go_with_it() -> None:
    report = examine(compile_rule("cat", "dog"), [Arrival(5, "ca")], 105)
    assert report.shown == [Arrival(105, "ca")]
    assert report.held_longest == 100


def test_long_stretches_are_shortened() -> None:
    marks = [Mark(("x" * 1000,), "", is_match=False), Mark(("a\n",), "", is_match=True)]
    assert [(each.kind, each.skipped, "".join(each.raw)) for each in drawn(marks)] == [
        ("gap", 840, ""),
        ("same", 0, "x" * 160),
        ("match", 0, "a↵\n"),
    ]


@pytest.fixture
def run(editor: User) -> Run:
    return make_run(make_turn(make_session(editor)), stream(["The c", "at sat. ", {"reasoning": "A cat."}]))


@pytest.mark.django_db
class TestPage:
    def test_a_rule_is_tried(self, client: Client, run: Run) -> None:
        asked = {"run": f"http://host/runs/{run.pk}/?x", "part": "text", "pattern": "cat", "replacement": "dog"}
        response = client.get(LAB, asked)
        (applied,) = response.context["applied"]
        assert applied.report.text == "The dog sat. "
        assert applied.report.cut == 1
        assert "<del>c<span" in response.content.decode()
        assert "at</del><ins>dog</ins>" in response.content.decode()
        assert f"{reverse('filters:new')}?part=text&amp;pattern=cat&amp;replacement=dog" in response.content.decode()
        posted = client.post(LAB, asked)
        assert posted.context["applied"][0].report == applied.report

    def test_all_enabled_rules_are_tried_one_after_the_other(self, client: Client, run: Run) -> None:
        make_rule("cat", "dog")
        make_rule("dog", "bird")
        make_rule("bird", "fish", is_enabled=False)
        make_rule("cat", "hen", part="reasoning")
        applied = client.get(LAB, {"run": run.pk, "what": "all", "pattern": "("}).context["applied"]
        assert [each.report.text for each in applied] == ["The dog sat. ", "The bird sat. ", "A hen."]

    def test_a_recording_is_chosen_first(self, client: Client, run: Run) -> None:
        page = client.get(LAB)
        assert page.context["applied"] is None
        assert f"?run={run.pk}" in page.content.decode()
        assert client.get(LAB, {"run": run.pk}).context["form"]["run"].value() == str(run.pk)
        refused = client.get(LAB, {"pattern": "a", "part": "text"})
        assert refused.status_code == 422
        assert "run" in refused.context["form"].errors

    def test_what_cannot_be_tried_is_said_at_its_field(self, client: Client, run: Run) -> None:
        response = client.get(LAB, {"run": run.pk, "part": "text", "pattern": "(?=a)b"}, headers={"HX-Request": "true"})
        assert response.status_code == 200  # so that it is shown
        assert "no lookahead" in response.content.decode()

    def test_someone_else_s_private_recording_is_none(self, client: Client) -> None:
        hidden = make_run(make_turn(make_session(make_member())), stream(["cat"]))
        response = client.get(LAB, {"run": hidden.pk, "part": "text", "pattern": "cat"})
        assert response.context["applied"] is None
        assert "no such recording" in str(response.context["form"].errors["run"])
