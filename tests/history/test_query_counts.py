"""The number of queries does not grow with the number of rows."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from playground.accounts.models import User
from playground.recording.status import RunStatus
from playground.runs.models import Run
from tests.history.conftest import HTMX
from tests.history.factories import make_run, make_session, make_turn


def queries(ask: Callable[[], object]) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        ask()
    return len(captured)


def add_sessions(owner: User, count: int) -> None:
    for number in range(count):
        session = make_session(owner, title=f"session {number}", pinned=number % 5 == 0)
        for _ in range(2):
            turn = make_turn(session, prompt="a prompt to find")
            make_run(turn, model_id="sim/a")
            make_run(turn, lane=1, status=RunStatus.STREAMING if number % 3 == 0 else RunStatus.COMPLETED)


@pytest.mark.parametrize(
    "address",
    [
        "/sessions/",
        "/sessions/?q=prompt+there",
        "/sessions/?q=pr",
        "/sessions/?model=sim/a",
        "/sessions/?scope=workspace&tag=x&rating=up&review=waiting&has_comments=on&ttft_min=1&has_notices=on",
        "/sessions/sidebar/",
    ],
)
def test_of_the_lists(owner: User, client: Client, address: str) -> None:
    add_sessions(owner, 2)
    few = queries(lambda: client.get(address, headers=HTMX))
    add_sessions(owner, 20)
    many = queries(lambda: client.get(address, headers=HTMX))

    assert many == few
    assert many <= 20


@pytest.mark.parametrize("view", ["answer", "characters", "tokens", "timeline", "events"])
def test_of_the_page_of_a_run(owner: User, client: Client, view: str) -> None:
    turn = make_turn(make_session(owner))
    first: Run = make_run(turn, text="short")
    few = queries(lambda: client.get(f"/runs/{first.pk}/?view={view}"))
    for lane in range(1, 6):
        make_run(turn, lane=lane)
    long = make_run(turn, text="word " * 500, lane=7)
    many = queries(lambda: client.get(f"/runs/{long.pk}/?view={view}"))

    assert many == few
    assert many <= 9
