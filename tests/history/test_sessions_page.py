"""The list of saved sessions: its groups, its pages, its filters, and what HTMX gets of it."""

import json
import re
from datetime import timedelta
from http import HTTPStatus

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from playground.accounts.models import User
from playground.history.listing import Cursor
from playground.history.queries import PAGE
from playground.recording.status import RunStatus
from playground.runs.models import Run, Session
from tests.history.conftest import HTMX
from tests.history.factories import make_run, make_session, make_turn

LIST = "/sessions/"


def titles(html: str) -> list[str]:
    found = re.findall(r'class="history__title"[^>]*>(.*?)</', html)
    return [re.sub("<[^>]+>", "", title) for title in found]


def headings(html: str) -> list[str]:
    return re.findall(r'class="history__heading">(.*?)<', html)


def older(html: str) -> str:
    """The address of the next page, or ""."""
    match = re.search(r'<a href="([^"]*after=[^"]*)"', html)
    return match[1].replace("&amp;", "&") if match else ""


def test_sessions_are_grouped(owner: User, client: Client) -> None:
    now = timezone.now()
    make_session(owner, title="from last month", at=now - timedelta(days=30))
    make_session(owner, title="from yesterday", at=now - timedelta(days=1))
    make_session(owner, title="from today", at=now)
    make_session(owner, title="the pinned one", at=now - timedelta(days=3), pinned=True)
    live = make_session(owner, title="the live one", at=now - timedelta(days=3))
    make_run(make_turn(live), status=RunStatus.STREAMING)

    html = client.get(LIST).text

    assert headings(html) == ["Pinned", "Live now", "Today", "Yesterday", "Earlier"]
    assert titles(html) == ["the pinned one", "the live one", "from today", "from yesterday", "from last month"]


def test_a_row_shows_the_models_and_the_worst_status_of_the_last_turn(owner: User, client: Client) -> None:
    session = make_session(owner, title="two turns")
    make_run(make_turn(session), model_id="old/model", status=RunStatus.FAILED)
    turn = make_turn(session)
    make_run(turn, model_id="a/good")
    make_run(turn, lane=1, model_id="b/bad", status=RunStatus.TRUNCATED)

    html = client.get(LIST, headers=HTMX).text

    assert "a/good" in html
    assert "b/bad" in html
    assert "old/model" not in html
    assert "dot--truncated" in html


def test_a_list_with_live_sessions_hears_when_one_is_no_longer(owner: User, client: Client) -> None:
    run = make_run(make_turn(make_session(owner)), status=RunStatus.STREAMING)
    html = client.get(LIST).text
    asked = re.search(r'hx-get="(/sessions/live/\?was=\w+)"', html)
    assert asked
    assert headings(html) == ["Live now"]
    assert not client.get(asked[1], headers=HTMX).headers.get("HX-Trigger")

    Run.objects.filter(pk=run.pk).update(status=RunStatus.INTERRUPTED)  # as a server does that starts again

    news = client.get(asked[1], headers=HTMX)
    assert news.status_code == HTTPStatus.NO_CONTENT
    assert {"sessions-moved", "sessions-changed"} <= set(json.loads(news["HX-Trigger"]))
    assert "/sessions/live/" not in client.get(LIST).text


def test_what_names_no_session_is_no_live_one(client: Client) -> None:
    assert client.get("/sessions/live/?was=x,,1", headers=HTMX).status_code == HTTPStatus.NO_CONTENT


def test_times_are_of_24_hours(owner: User, client: Client) -> None:
    at = timezone.now().replace(hour=16, minute=45) - timedelta(days=2)
    make_session(owner, at=at)

    assert f'title="{date_format(at, "N j, Y")}, 16:45"' in client.get(LIST).text


def test_a_retried_run_does_not_count(owner: User, client: Client) -> None:
    turn = make_turn(make_session(owner))
    failed = make_run(turn, status=RunStatus.FAILED)
    make_run(turn, retries=failed)

    assert "dot--completed" in client.get(LIST, headers=HTMX).text


def test_a_session_without_a_title_has_its_first_prompt(owner: User, client: Client) -> None:
    make_session(owner, prompts=["\n  Tell me about 北京  \nand more", "second"])

    assert titles(client.get(LIST).text) == ["Tell me about 北京"]


def test_pages_follow_one_another_without_a_hole_or_a_double(owner: User, client: Client) -> None:
    now = timezone.now()
    for number in range(PAGE * 2 + 5):
        # many have the very same time: the id decides
        make_session(owner, title=f"s{number}", at=now - timedelta(days=number // 20), pinned=number % 25 == 0)

    html = client.get(LIST).text
    seen = titles(html)
    while address := older(html):
        html = client.get(address).text
        seen += titles(html)

    assert len(seen) == PAGE * 2 + 5
    assert len(set(seen)) == len(seen)


def test_a_page_that_goes_on_with_a_group_does_not_repeat_its_heading(owner: User, client: Client) -> None:
    for number in range(PAGE + 1):
        make_session(owner, title=f"s{number}")

    first = client.get(LIST)
    second = client.get(older(first.text), headers=HTMX)

    assert headings(first.text) == ["Today"]
    assert headings(second.text) == []
    assert len(titles(second.text)) == 1


def test_a_session_that_comes_in_between_pages_shifts_nothing(owner: User, client: Client) -> None:
    now = timezone.now()
    for number in range(PAGE + 1):
        make_session(owner, title=f"s{number}", at=now - timedelta(minutes=number))
    following = older(client.get(LIST).text)
    make_session(owner, title="new")

    assert titles(client.get(following).text) == [f"s{PAGE}"]


@pytest.mark.parametrize("cursor", ["x", "1_2_3", "0_2026-01-01_zz", "0_2026-01-01T00:00:00_" + "0" * 32, "_" * 50])
def test_what_is_not_a_cursor_starts_at_the_top(owner: User, client: Client, cursor: str) -> None:
    make_session(owner, title="there")

    assert Cursor.parse(cursor) is None
    assert titles(client.get(LIST, {"after": cursor}).text) == ["there"]


@pytest.fixture
def varied(owner: User) -> None:
    now = timezone.now()
    for title, model, status, days in [
        ("one", "sim/a", RunStatus.COMPLETED, 0),
        ("two", "sim/b", RunStatus.FAILED, 5),
        ("three", "sim/a", RunStatus.STREAMING, 10),
    ]:
        session = make_session(owner, title=title, at=now - timedelta(days=days))
        make_run(make_turn(session), model_id=model, status=status)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"model": "sim/a"}, ["three", "one"]),
        ({"status": "failed"}, ["two"]),
        ({"status": "live"}, ["three"]),
        ({"model": "sim/a", "status": "completed"}, ["one"]),
        ({"model": "no/such"}, []),
        ({"status": "nonsense", "since": "yesterday"}, ["three", "one", "two"]),
        ({"q": "two"}, ["two"]),
        ({"q": "two", "status": "completed"}, []),
    ],
)
@pytest.mark.usefixtures("varied")
def test_filters(client: Client, query: dict[str, str], expected: list[str]) -> None:
    assert titles(client.get(LIST, query).text) == expected


@pytest.mark.usefixtures("varied")
def test_dates_are_whole_days(client: Client) -> None:
    five_days_ago = (timezone.localdate() - timedelta(days=5)).isoformat()

    assert titles(client.get(LIST, {"since": five_days_ago}).text) == ["one", "two"]
    assert titles(client.get(LIST, {"until": five_days_ago}).text) == ["three", "two"]
    assert titles(client.get(LIST, {"since": five_days_ago, "until": five_days_ago}).text) == ["two"]


@pytest.mark.usefixtures("varied")
def test_a_date_that_cannot_be_read_is_reported(client: Client) -> None:
    assert "Enter a valid date." in client.get(LIST, {"since": "yesterday"}).text


def test_filters_stay_in_the_address_of_the_next_page(owner: User, client: Client) -> None:
    for number in range(PAGE + 1):
        make_run(make_turn(make_session(owner, title=f"s{number}")), model_id="sim/a")

    following = older(client.get(LIST, {"model": "sim/a", "q": "s"}).text)

    assert "q=s" in following
    assert "model=sim%2Fa" in following
    assert len(titles(client.get(following).text)) == 1


def test_htmx_gets_the_list_alone_and_everyone_else_a_page(client: Client) -> None:
    part = client.get(LIST, headers=HTMX)
    page = client.get(LIST)
    restored = client.get(LIST, headers={"HX-History-Restore-Request": "true"})
    restored_by_htmx_2 = client.get(LIST, headers={**HTMX, "HX-History-Restore-Request": "true"})

    assert "<html" not in part.text
    assert "No sessions yet" in part.text
    for whole in (page, restored, restored_by_htmx_2):
        assert "<html" in whole.text
    assert all("HX-Request" in response["Vary"] for response in (part, page, restored))


def test_an_empty_result_says_what_to_do(owner: User, client: Client) -> None:
    make_session(owner, title="there")

    html = client.get(LIST, {"q": "absent"}).text

    assert "No session matches" in html
    assert "Show all sessions" in html


def test_it_takes_only_get(client: Client) -> None:
    assert client.post(LIST).status_code == HTTPStatus.METHOD_NOT_ALLOWED


def test_the_left_column_marks_the_session_on_the_page(owner: User, client: Client) -> None:
    session = make_session(owner, title="this one")
    make_session(owner, title="another")
    at = f"http://testserver{reverse('prompts:session', args=[session.pk])}?x=1"

    html = client.get("/sessions/sidebar/", headers={**HTMX, "HX-Current-URL": at}).text

    assert html.count('aria-current="page"') == 1
    assert re.search(rf'{session.pk}/"[^>]*aria-current', html)


def test_the_left_column_followed_as_a_link_is_the_page(client: Client) -> None:
    response = client.get("/sessions/sidebar/?q=x")

    assert response.status_code == HTTPStatus.FOUND
    assert response["Location"] == "/sessions/?q=x"


def test_the_left_column_goes_on(owner: User, client: Client) -> None:
    for number in range(PAGE + 2):
        make_session(owner, title=f"s{number}")
    first = client.get("/sessions/sidebar/", headers=HTMX).text
    match = re.search(r'hx-get="(/sessions/sidebar/\?[^"]*after=[^"]*)"', first)
    assert match

    second = client.get(match[1].replace("&amp;", "&"), headers=HTMX).text

    assert second.count("sidebar__session") == 2
    assert "sidebar__search" not in second


def test_deleted_sessions_are_listed_apart(owner: User, client: Client) -> None:
    make_session(owner, title="kept")
    make_session(owner, title="gone", deleted_at=timezone.now())
    make_session(owner, title="gone for good", deleted_at=timezone.now() - timedelta(days=31))

    assert titles(client.get(LIST).text) == ["kept"]
    assert titles(client.get(LIST, {"deleted": "on"}).text) == ["gone"]
    assert Session.objects.count() == 3


def test_filters_that_mean_nothing_are_named(client: Client, owner: User) -> None:
    make_session(owner, title="A song")
    page = client.get("/sessions/?since=foo&ttft_min=abc").content.decode()
    assert "A song" in page
    assert "From: “foo” was not understood, and filters nothing." in page
    assert "TTFT from (ms): “abc” was not understood" in page
    assert page.count('aria-invalid="true"') == 2
    assert "was not understood" in client.get(f"/sessions/?q={'x' * 201}").content.decode()
