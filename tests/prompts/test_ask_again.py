"""Continue and Retry on the page of a run, by the rule of the lane: its newest run, for who may change the session."""

import pytest
from django.test import Client

from playground.accounts.models import User
from playground.runs.models import Run
from tests.runs.factories import make_run, make_session, make_turn


def offered(client: Client, run: Run) -> set[str]:
    page = client.get(f"/runs/{run.pk}/").text
    return {name for name in ("retry", "continue", "stop") if f'action="/runs/{run.pk}/{name}/"' in page}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"status": "completed", "text": "All of it."}, {"retry"}),
        ({"status": "completed", "text": "A part", "finish_reason": "length"}, {"retry", "continue"}),
        ({"status": "truncated", "text": "A part"}, {"retry", "continue"}),
        ({"status": "interrupted", "text": "A part"}, {"retry", "continue"}),
        ({"status": "failed"}, {"retry"}),
        ({"status": "streaming"}, {"stop"}),
    ],
)
def test_what_is_offered(client: Client, owner: User, fields: dict[str, str], expected: set[str]) -> None:
    assert offered(client, make_run(make_turn(make_session(owner)), **fields)) == expected


def test_it_works_without_scripts_and_leads_to_the_session(client: Client, owner: User) -> None:
    run = make_run(make_turn(make_session(owner)), status="truncated", text="A part")
    page = client.get(f"/runs/{run.pk}/").text
    for name in ("retry", "continue"):
        form = page[page.index(f'action="/runs/{run.pk}/{name}/"') :].split("</form>")[0]
        assert 'method="post"' in form
        assert "hx-post" not in form, "a lane's form would put the new lane into this page"


def test_only_the_newest_run_of_a_lane_is_asked_again(client: Client, owner: User) -> None:
    turn = make_turn(make_session(owner))
    old = make_run(turn, status="truncated", text="A part")
    beside = make_run(turn, lane=1, status="truncated", text="A part")
    new = make_run(turn, status="truncated", text="A part", retries=old)
    assert offered(client, old) == set()
    assert offered(client, new) == offered(client, beside) == {"retry", "continue"}


def test_a_reader_is_offered_nothing(teammate: Client, owner: User) -> None:
    session = make_session(owner, visibility="workspace")
    assert offered(teammate, make_run(make_turn(session), status="truncated", text="A part")) == set()


def test_of_a_run_that_was_not_recorded_nothing_can_be_asked_again(client: Client, owner: User) -> None:
    run = make_run(make_turn(make_session(owner), is_recorded=False), status="truncated")
    assert offered(client, run) == set()
