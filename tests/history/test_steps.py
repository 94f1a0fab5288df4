"""The steps of a run on its page: in the timeline and among the events, and what a filter leaves of them."""

import pytest
from django.test import Client
from django.urls import reverse

from playground.accounts.models import User
from playground.recording.events import CHUNK, STEP_ENDED, STEP_STARTED
from playground.recording.status import RunStatus
from playground.runs.models import Run
from tests.history.conftest import HTMX
from tests.history.factories import MS, log, make_run, make_session, make_turn, start

pytestmark = pytest.mark.django_db

AGENT = {"step": "1", "parent": None, "parents": [], "name": "helper", "type": "chain", "tags": ["team"]}
TOOL = {"step": "2", "parent": "1", "parents": ["1"], "name": "weather", "type": "tool", "tags": ["<slow>"]}
PARSER = {"step": "3", "parent": "1", "parents": ["1"], "name": "StrOutputParser", "type": "parser", "tags": []}


@pytest.fixture
def run(owner: User) -> Run:
    events = log(
        [
            *start(),
            (110 * MS, STEP_STARTED, {**AGENT, "metadata": {"node": "a"}, "input": {"messages": ["<b>hi</b>"]}}),
            (120 * MS, STEP_STARTED, {**TOOL, "metadata": {}, "input": {"city": "Oslo"}}),
            (320 * MS, STEP_ENDED, {**TOOL, "error": {"type": "ConnectionError", "message": "no answer"}}),
            (330 * MS, STEP_STARTED, {**PARSER, "metadata": {}}),
            (340 * MS, STEP_ENDED, {**PARSER, "output": "x" * 5_000}),
            (350 * MS, CHUNK, "Sorry"),
        ]
    )
    return make_run(make_turn(make_session(owner)), events, status=RunStatus.COMPLETED)


def page(client: Client, run: Run, view: str, query: str = "", *, part: bool = False) -> str:
    path = reverse(f"history:{view}" if part else "history:run", args=[run.pk])
    response = client.get(f"{path}?view={view}&{query}", headers=HTMX if part else {})
    assert response.status_code == 200
    return response.content.decode()


def test_the_timeline_has_the_steps_with_their_values(client: Client, run: Run) -> None:
    html = page(client, run, "timeline")

    assert html.index('step__name">helper') < html.index('step__name">weather') < html.index(">StrOutputParser<")
    assert "step step--failed step--depth-1" in html
    assert "step step--open step--depth-0" in html
    assert "ConnectionError: no answer" in html
    assert "&lt;b&gt;hi&lt;/b&gt;" in html
    assert "x" * 2_001 not in html
    assert "All of it, in its event" in html


def test_a_run_without_steps_says_nothing_of_them(client: Client, owner: User) -> None:
    plain = make_run(make_turn(make_session(owner)))

    assert "step" not in page(client, plain, "timeline", part=True)
    assert "step-filter" not in page(client, plain, "events", part=True)


@pytest.mark.parametrize("part", [False, True])
def test_the_filter_is_in_the_address(client: Client, run: Run, *, part: bool) -> None:
    html = page(client, run, "timeline", "include_types=tool", part=part)

    assert 'step__name">weather' in html
    assert 'step__name">helper' not in html
    assert "1 of 3" in html
    assert "step step--failed step--depth-0" in html  # what was around it is left out


def test_a_filter_that_leaves_nothing_says_so(client: Client, run: Run) -> None:
    assert "The filter leaves no step." in page(client, run, "timeline", "include_names=nobody")


def test_the_events_follow_the_filter_and_their_links_keep_it(client: Client, run: Run) -> None:
    html = page(client, run, "events", "exclude_types=tool&after=3", part=True)
    whole = page(client, run, "events", "exclude_types=tool&exclude_tags=a%26b")

    assert f'href="{reverse("history:run", args=[run.pk])}events/4/"' in html
    assert "weather" not in html
    assert "StrOutputParser" in html
    assert "kind=chunk&amp;exclude_types=tool&amp;exclude_tags=a%26b" in whole


def test_the_filter_goes_along_between_the_tabs_that_have_it(client: Client, run: Run) -> None:
    html = page(client, run, "timeline", "include_types=tool&exclude_tags=a%26b")

    kept = "include_types=tool&amp;exclude_tags=a%26b"
    for view in ("timeline", "events"):
        assert f'href="{reverse("history:run", args=[run.pk])}?view={view}&amp;{kept}"' in html
    assert f'href="{reverse("history:run", args=[run.pk])}?view=answer"' in html


def test_a_tag_cannot_break_out_of_the_form(client: Client, run: Run) -> None:
    html = page(client, run, "events")

    assert 'value="&lt;slow&gt;"' in html
    assert "<slow>" not in html
