"""The comparison of two runs: choosing them, and what their page says."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from playground.accounts.models import User
from playground.runs.models import Run, Session, Turn
from tests.factories import make_member, make_workspace
from tests.history.factories import make_run, make_session, make_turn, stream
from tests.replay.conftest import run_with_stall, signed_in


@pytest.fixture
def other(author: User) -> Run:
    """Of another session: another model, prompt and parameter."""
    turn = make_turn(make_session(author), "Write a poem.", parameters={"temperature": 1.0, "seed": 7})
    return make_run(turn, text="The water glitters.", model_id="acme/two")


def compare(client: Client, a: Run, b: Run, more: str = "") -> str:
    answer = client.get(f"/compare/?a={a.pk}&b={b.pk}{more}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_what_differs_is_listed_and_what_is_the_same_is_named(client: Client, run: Run, other: Run) -> None:
    answer = client.get(f"/compare/?a={run.pk}&b={other.pk}")

    differing = {fact.label: (fact.a, fact.b) for fact in answer.context["differing"]}
    assert differing == {"Model": ("acme/one", "acme/two"), "temperature": ("0.5", "1.0"), "seed": ("default", "7")}
    assert {"Dialect", "Status", "Finish reason"} <= {fact.label for fact in answer.context["same"]}
    assert [label for label, _diff in answer.context["asked"]] == ["Prompt"]


def test_texts_are_compared_by_word_or_by_chunk(client: Client, run: Run, other: Run) -> None:
    assert "<mark>sparkles</mark>" in compare(client, run, other)
    assert '<mark class="token"' in compare(client, run, other, "&by=chunks")


def test_numbers_stand_side_by_side_with_their_difference(client: Client, turn: Turn) -> None:
    fast = make_run(turn, stream(["a "] * 11, gap=10_000))
    slow = make_run(turn, stream(["a "] * 11, gap=40_000), lane=1)

    numbers = {row.label: row for row in client.get(f"/compare/?a={fast.pk}&b={slow.pk}").context["numbers"]}

    assert numbers["Tokens/s"][2:] == ("100.0", "25.0", "−75.0 (−75%)")
    assert numbers["p50 gap"][2:] == ("10 ms", "40 ms", "+30 ms (+300%)")
    assert numbers["TTFT"].change == "="


def test_both_timelines_have_one_axis(client: Client, turn: Turn) -> None:
    short, long = make_run(turn), run_with_stall(turn, lane=1)

    lanes = client.get(f"/compare/?a={short.pk}&b={long.pk}").context["lanes"]

    ticks = [[(tick.x, tick.label) for tick in lane["drawing"].ticks] for lane in lanes]
    assert ticks[0] == ticks[1]
    assert [level.label for level in lanes[0]["drawing"].plot.levels] == [
        level.label for level in lanes[1]["drawing"].plot.levels
    ]


def test_a_gap_that_stands_out_leads_to_its_moment_and_its_chunk(client: Client, run: Run, turn: Turn) -> None:
    stalled = run_with_stall(turn, lane=1)

    page = compare(client, run, stalled)

    assert f'href="/runs/{stalled.pk}/replay/?t=0.300000"' in page
    assert re.search(rf'href="/runs/{stalled.pk}/events/14/">\s*ended by chunk #14', page)


def test_the_sides_can_be_swapped(client: Client, run: Run, other: Run) -> None:
    assert f"/compare/?a={run.pk}&amp;b={other.pk}" in compare(client, other, run).replace('"?a', '"/compare/?a')


def test_a_run_without_events_is_compared_by_what_is_known(client: Client, run: Run, turn: Turn) -> None:
    empty = make_run(turn, [], lane=1)
    page = compare(client, run, empty)
    assert "The water sparkles." in page


def test_choices_begin_with_what_is_beside_the_run(client: Client, run: Run, other: Run, turn: Turn) -> None:
    lane = make_run(turn, lane=1)
    retry = make_run(turn, retries=run)

    groups = client.get(f"/compare/?a={run.pk}").context["groups"]

    assert [[choice.pk for choice, _address, _title in choices] for _heading, choices in groups] == [
        [lane.pk],
        [retry.pk],
        [other.pk],
    ]
    assert groups[0][1][0][1] == f"/compare/?a={run.pk}&b={lane.pk}"


@pytest.mark.parametrize(
    "written",
    ["{id}", " http://host/runs/{id}/?view=tokens ", "http://host/runs/{id}/replay/?t=2", "/sessions/x/#run-{id}"],
)
def test_a_pasted_address_leads_to_the_comparison(client: Client, run: Run, other: Run, written: str) -> None:
    answer = client.get("/compare/", {"a": str(run.pk), "other": written.format(id=other.pk)})

    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/compare/?a={run.pk}&b={other.pk}"


def test_what_names_no_run_comes_back_with_the_reason(client: Client, run: Run, stranger: User) -> None:
    theirs = make_run(make_turn(make_session(stranger)))
    for written in ("nonsense", str(theirs.pk)):
        answer = client.get("/compare/", {"a": str(run.pk), "other": written})
        page = answer.content.decode()
        assert answer.status_code == 422
        assert f'value="{written}"' in page
        assert 'aria-invalid="true"' in page


def test_both_runs_must_be_visible(run: Run, other: Run, teammate: User) -> None:
    """`other` is in a private session."""
    client = signed_in(teammate)
    assert client.get(f"/compare/?a={run.pk}").status_code == 200
    assert client.get(f"/compare/?a={run.pk}&b={other.pk}").status_code == 404
    assert client.get("/compare/?a=nonsense").status_code == 404


def test_runs_of_two_workspaces_that_the_reader_is_in(author: User, run: Run) -> None:
    elsewhere = make_workspace("Elsewhere")
    make_member(elsewhere, username="colleague")
    author.memberships.create(workspace=elsewhere, role="editor")
    session = Session.objects.create(owner=author, workspace=elsewhere, updated_at=run.created_at)
    there = make_run(make_turn(session), model_id="acme/there")

    assert "acme/there" in compare(signed_in(author), run, there)


def test_queries_do_not_grow_with_the_length(client: Client, run: Run, turn: Turn) -> None:
    long = make_run(turn, stream(["word "] * 3_000), lane=1)

    def queries(b: Run) -> int:
        with CaptureQueriesContext(connection) as captured:
            compare(client, run, b)
        return len(captured)

    assert queries(long) == queries(run)


def test_a_run_of_any_session_is_found_by_its_words(client: Client, author: User) -> None:
    for number in range(20):
        make_run(make_turn(make_session(author, title=f"Filler {number}"), "Something else"))
    wanted = make_run(
        make_turn(make_session(author, title="Prose", at=timezone.now() - timedelta(days=9)), "Of whales")
    )

    groups = client.get("/compare/", {"q": "whales"}).context["groups"]

    assert [choice.pk for _heading, choices in groups for choice, _address, _title in choices] == [wanted.pk]
    assert "No run was found." in client.get("/compare/", {"q": "narwhals"}).content.decode()
