"""Every filter alone and together, in the list and in the API; and pages of a list in which little matches."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from playground.accounts.models import User
from playground.history import listing
from playground.history.choices import used_models
from playground.recording.status import RunStatus
from playground.review.models import Comment, Rating, RatingScale, Review, SessionTag, Tag, Thread
from playground.runs.models import Run, Session
from playground.workspaces.models import Membership, Workspace
from tests.factories import make_token, make_workspace
from tests.history.conftest import signed_in
from tests.history.factories import make_run, make_session, make_turn
from tests.history.test_sessions_page import older, titles

LIST = "/sessions/"


@pytest.fixture
def reviewed(owner: User, teammate: User) -> None:
    """Three sessions of owner's that differ in everything, and one of the teammate's that the workspace sees."""
    workspace = Workspace.objects.default()
    now = timezone.now()
    runs = {}
    for number, name in enumerate(("fast", "slow", "plain")):
        session = make_session(owner, title=name, at=now - timedelta(minutes=number))
        runs[name] = make_run(make_turn(session), model_id=f"sim/{name}")
    Run.objects.filter(pk=runs["fast"].pk).update(ttft_ms=40, tokens_per_s=200)
    Run.objects.filter(pk=runs["slow"].pk).update(ttft_ms=4000, tokens_per_s=3, status="failed", has_notices=True)
    Run.objects.filter(pk=runs["plain"].pk).update(ttft_ms=400, tokens_per_s=30)
    fast, slow = runs["fast"].turn.session, runs["slow"].turn.session
    SessionTag.objects.create(session=fast, tag=Tag.objects.create(workspace=workspace, name="keep"))
    scale = RatingScale.objects.create(pk=77, workspace=workspace, name="accuracy")
    Rating.objects.create(run=runs["fast"], user=owner, value=1)
    Rating.objects.create(run=runs["slow"], user=owner, value=-1)
    Rating.objects.create(run=runs["slow"], user=owner, scale=scale, value=4)
    Review.objects.create(session=fast, requested_by=owner, requested_at=now, reviewed_by=owner, reviewed_at=now)
    Review.objects.create(session=slow, requested_by=owner, requested_at=now)
    for session, deleted_at in ((slow, None), (fast, now)):
        thread = Thread.objects.create(session=session, anchor="session", created_by=owner)
        Comment.objects.create(thread=thread, author=owner, body="Look.", deleted_at=deleted_at)
    make_session(teammate, title="theirs", visibility="workspace")
    make_session(teammate, title="their private one")


QUERIES = [
    ({"tag": "keep"}, ["fast"]),
    ({"tag": "none"}, []),
    ({"rating": "up"}, ["fast"]),
    ({"rating": "down"}, ["slow"]),
    ({"rating": "none"}, ["plain"]),
    ({"rating": "any-4"}, ["slow"]),
    ({"rating": "any-5"}, []),
    ({"rating": "77-4"}, ["slow"]),
    ({"rating": "78-1"}, []),
    ({"review": "reviewed"}, ["fast"]),
    ({"review": "waiting"}, ["slow"]),
    ({"ttft_min": "100"}, ["slow", "plain"]),
    ({"ttft_max": "100"}, ["fast"]),
    ({"ttft_min": "100", "ttft_max": "1000"}, ["plain"]),
    ({"rate_min": "30"}, ["fast", "plain"]),
    ({"rate_max": "29.5"}, ["slow"]),
    ({"has_errors": "on"}, ["slow"]),
    ({"has_notices": "on"}, ["slow"]),
    ({"has_comments": "on"}, ["slow"]),
    ({"status": "failed", "model": "sim/slow", "rating": "down", "q": "slow"}, ["slow"]),
    ({"model": "sim/slow", "ttft_max": "100"}, []),
    ({"scope": "workspace"}, ["theirs"]),
    ({"scope": "workspace", "author": "teammate"}, ["theirs"]),
    ({"scope": "workspace", "author": "owner"}, []),
]


@pytest.mark.parametrize(("query", "expected"), QUERIES)
@pytest.mark.parametrize("most", [listing.MOST_FOUND, 0], ids=["indexed", "walked"])
@pytest.mark.usefixtures("reviewed")
def test_filters(
    client: Client, monkeypatch: pytest.MonkeyPatch, query: dict[str, str], expected: list[str], most: int
) -> None:
    """Whether few match, and an index finds them, or too many: the list is walked then."""
    monkeypatch.setattr("playground.history.conditions.MOST_FOUND", most)
    monkeypatch.setattr("playground.history.search.MOST_FOUND", most)

    assert titles(client.get(LIST, query).text) == expected


@pytest.mark.parametrize(("query", "expected"), QUERIES)
@pytest.mark.usefixtures("reviewed")
def test_the_api_filters_as_the_page(client: Client, owner: User, query: dict[str, str], expected: list[str]) -> None:
    found = Client().get("/api/v1/sessions", query, headers={"Authorization": f"Bearer {make_token(owner)}"})

    assert [session["title"] for session in found.json()["sessions"]] == expected


@pytest.mark.parametrize("query", [{"rating": "9-9"}, {"ttft_min": "x"}, {"rate_max": "-1"}, {"review": "x"}])
@pytest.mark.usefixtures("reviewed")
def test_a_filter_that_cannot_be_read_is_reported_and_filters_nothing(client: Client, query: dict[str, str]) -> None:
    page = client.get(LIST, query)

    assert 'aria-invalid="true"' in page.text
    assert titles(page.text) == ["fast", "slow", "plain"]


@pytest.mark.usefixtures("reviewed")
def test_what_is_set_is_a_chip_that_takes_it_away(client: Client) -> None:
    html = client.get(LIST, {"tag": "keep", "rating": "77-4", "ttft_min": "5"}).text

    for chip, rest in (
        ("#keep", "rating=77-4&amp;ttft_min=5"),
        ("accuracy ≥ 4", "tag=keep&amp;ttft_min=5"),
        ("TTFT ≥ 5 ms", "tag=keep&amp;rating=77-4"),
    ):
        assert chip in html
        assert f"/sessions/?{rest}" in html


@pytest.mark.usefixtures("reviewed")
def test_a_row_of_anothers_session_names_its_author(client: Client) -> None:
    html = client.get(LIST, {"scope": "workspace"}).text

    assert "teammate" in html
    assert "The workspace sees it" in html


def test_lists_are_of_the_current_workspace(owner: User, client: Client) -> None:
    make_session(owner, title="here")
    elsewhere = make_workspace()
    Membership.objects.create(user=owner, workspace=elsewhere, selected_at=timezone.now())
    there = make_session(owner, title="there")
    Session.objects.filter(pk=there.pk).update(workspace=elsewhere)

    assert titles(client.get(LIST).text) == ["there"]
    assert client.get(f"/sessions/{Session.objects.get(title='here').pk}/").status_code == 200


def test_an_owner_sees_and_restores_what_members_deleted(teammate: User) -> None:
    boss = User.objects.create_user("boss")
    Membership.objects.create(user=boss, workspace=Workspace.objects.default(), role="owner")
    gone = make_session(teammate, title="gone", visibility="workspace", deleted_at=timezone.now())
    make_session(teammate, title="private", deleted_at=timezone.now())
    browser = signed_in(boss)

    assert titles(browser.get(LIST, {"scope": "deleted"}).text) == ["gone"]
    browser.post(f"/sessions/{gone.pk}/restore/")
    gone.refresh_from_db()
    assert gone.deleted_at is None


def test_the_models_offered_are_those_that_the_user_sees(owner: User, teammate: User) -> None:
    for visibility, model in (("private", "x/hidden"), ("workspace", "x/shared")):
        make_run(make_turn(make_session(teammate, visibility=visibility)), model_id=model)

    models = used_models(owner, Workspace.objects.default())

    assert "x/shared" in models
    assert "x/hidden" not in models


@pytest.mark.parametrize("matching", [0, 7, 45])
def test_pages_of_a_walked_list_hold_each_match_once(
    owner: User, client: Client, monkeypatch: pytest.MonkeyPatch, matching: int
) -> None:
    monkeypatch.setattr("playground.history.conditions.MOST_FOUND", 0)
    monkeypatch.setattr("playground.history.listing.STRETCHES", (4, 8))
    now = timezone.now()
    expected = []
    for number in range(60):
        session = make_session(owner, title=f"s{number}", at=now - timedelta(hours=number), pinned=number % 20 == 3)
        wanted = number % 60 < matching
        make_run(make_turn(session), status=RunStatus.FAILED if wanted else RunStatus.COMPLETED)
        expected += [f"s{number}"] if wanted else []

    html = client.get(LIST, {"status": "failed"}).text
    seen = titles(html)
    while address := older(html):
        html = client.get(address).text
        seen += titles(html)

    assert sorted(seen) == sorted(expected)
