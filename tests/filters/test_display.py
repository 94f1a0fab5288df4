"""Finished answers on pages: filtered unless the reader wants them raw, and marked so."""

import pytest
from django.test import Client
from django.urls import reverse

from playground.accounts.models import User
from playground.filters.display import COOKIE
from playground.runs.models import Run
from tests.factories import make_workspace
from tests.filters.factories import make_rule
from tests.history.factories import make_run, make_session, make_turn, stream

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
FILTERED, RAW = "A dog sat.", "A cat sat."


@pytest.fixture
def run(editor: User) -> Run:
    return make_run(make_turn(make_session(editor)), stream(["A c", "at sat.", {"reasoning": "cat"}]))


def addresses(run: Run) -> list[str]:
    return [run.turn.session.get_absolute_url(), reverse("history:run", args=[run.pk])]


def shown(page: str) -> str:
    """What stands as the answer."""
    return FILTERED if f"<p>{FILTERED}</p>" in page else RAW if f"<p>{RAW}</p>" in page else ""


def test_without_rules_nothing_is_said_of_filters(client: Client, run: Run) -> None:
    for address in addresses(run):
        page = client.get(address).content.decode()
        assert shown(page) == RAW
        assert "filtered by" not in page


def test_a_page_shows_the_filtered_answer_and_says_so(client: Client, run: Run) -> None:
    make_rule("cat", "dog")
    make_rule("x", "y")
    make_rule("z", is_enabled=False)
    make_rule("dog", "hen", workspace=make_workspace())
    for address in addresses(run):
        page = client.get(address).content.decode()
        assert shown(page) == FILTERED
        assert "filtered by 2 rules" in page
        assert 'data-text="answer"' not in page  # a place in it is none in the recording


def test_the_raw_answer_is_one_click_away_and_remembered(client: Client, run: Run) -> None:
    make_rule("cat", "dog")
    raw = client.get(f"{addresses(run)[1]}?text=raw").content.decode()
    assert shown(raw) == RAW
    assert 'data-text="answer"' in raw
    client.cookies[COOKIE] = "raw"
    for address in addresses(run):
        assert shown(client.get(address).content.decode()) == RAW
    assert shown(client.get(f"{addresses(run)[1]}?text=filtered").content.decode()) == FILTERED


def test_the_partial_of_the_answer_is_either(client: Client, run: Run) -> None:
    make_rule("cat", "dog", part="reasoning")
    make_rule("cat", "dog")
    answer = reverse("history:answer", args=[run.pk])
    filtered = client.get(answer, {"text": "filtered"}, headers=HTMX).content.decode()
    assert shown(filtered) == FILTERED
    assert '<template class="lane__shown">A dog sat.</template>' in filtered
    assert "cat" not in filtered
    raw = client.get(answer, {"text": "raw"}, headers=HTMX).content.decode()
    assert shown(raw) == RAW
    assert "lane__shown" not in raw


def test_an_answer_that_no_rule_changes_keeps_its_places(client: Client, run: Run) -> None:
    make_rule("zebra", "")
    for address in addresses(run):
        page = client.get(address).content.decode()
        assert 'data-text="answer"' in page
        assert "filtered by 1 rule" in page


def test_an_answer_of_which_nothing_is_left_says_where_it_is(client: Client, run: Run) -> None:
    make_rule("(?s).+", "")
    for address in addresses(run):
        assert "choose Raw to see it" in client.get(address).content.decode()


@pytest.mark.parametrize("view", ["characters", "tokens", "events", "bytes", "timeline"])
def test_the_other_views_show_what_came_and_say_so(client: Client, run: Run, view: str) -> None:
    make_rule("cat", "dog")
    page = client.get(addresses(run)[1], {"view": view}).content.decode()
    assert "This view shows what came, unfiltered." in page
    assert "dog" not in page


def test_one_query_a_page(client: Client, run: Run, django_assert_max_num_queries: object) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    for lane in range(1, 4):
        make_run(run.turn, lane=lane)
    make_rule("cat", "dog")
    with CaptureQueriesContext(connection) as captured:
        client.get(addresses(run)[0])
    assert sum("filters_filterrule" in query["sql"] for query in captured) == 1
