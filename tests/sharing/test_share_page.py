"""What a link opens: the session, read-only, and nothing that was not included, on no page and in no part of one."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from playground.accounts.models import User
from playground.providers.continuation import way_of
from playground.recording.events import CHUNK
from playground.recording.redaction import MASK
from playground.review.models import Anchor, Comment, Thread
from playground.runs.continuing import messages_to_continue
from playground.runs.models import Run, Session
from playground.sharing.contents import Contents
from playground.sharing.links import LinkDraft, revoke, share_comparison, share_session
from playground.sharing.models import ShareLink
from playground.workspaces.models import Membership
from tests.history.conftest import HTMX
from tests.history.factories import log, make_run, make_turn, start, stream
from tests.sharing.canaries import ALWAYS, ANSWER, PARAMETER, REDACTED, SYSTEM, make_canary_session

EVERYTHING = Contents(system=True, parameters=True, timeline=True, annotations=True)
NOTHING = Contents(system=False, parameters=False, timeline=False, annotations=False)
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"


@pytest.fixture
def session(owner: User) -> Session:
    return make_canary_session(owner)


@pytest.fixture
def run(session: Session) -> Run:
    run = Run.objects.get(turn__session=session)
    Run.objects.filter(pk=run.pk).update(error_message=ALWAYS, owner_process=ALWAYS)
    thread = Thread.objects.create(
        session=session,
        run=run,
        anchor=Anchor.TEXT,
        start=10,
        end=40,
        quote=run.text[10:40],
        created_by=session.owner,
    )
    Comment.objects.create(thread=thread, author=session.owner, body=f"Why {REDACTED}? canary-comment")
    return run


@pytest.fixture
def reader() -> Client:
    return Client(headers={"user-agent": BROWSER})


def open_link(owner: User, session: Session, contents: Contents, **draft: object) -> str:
    _link, token = share_session(owner, session, replace(LinkDraft(contents), **draft))
    return token


def everything_a_reader_can_get(reader: Client, token: str, run: Run, *, only_pages: bool = False) -> str:
    """All pages, all parts, the recording; headers too."""
    urls = [
        reverse("sharing:page", args=[token]),
        reverse("sharing:turns", args=[token]) + "?after=-1",
        reverse("sharing:replay", args=[token, run.turn_id]),
        reverse("sharing:recording", args=[token, run.turn_id]),
        *(
            reverse("sharing:run-view", args=[token, run.pk, view])
            for view in ("answer", "tokens", "timeline", "events")
        ),
        *(reverse("sharing:run", args=[token, run.pk]) + f"?view={view}" for view in ("answer", "tokens", "bytes")),
    ]
    found = []
    for url in urls:
        for headers in ({}, HTMX):
            response = reader.get(url, headers=headers)
            if response.status_code == 200 or not only_pages:
                found.append(f"{response.headers}{response.content.decode()}")
    return "".join(found)


def test_the_page_shows_prompts_and_answers_without_an_account(
    owner: User, session: Session, run: Run, reader: Client
) -> None:
    response = reader.get(reverse("sharing:page", args=[open_link(owner, session, EVERYTHING)]))
    page = response.content.decode()
    assert response.status_code == 200
    assert f"About {MASK} things" in page
    assert ANSWER in page
    assert SYSTEM in page
    assert PARAMETER in page
    assert "canary-comment" in page
    assert response["X-Robots-Tag"].startswith("noindex")
    assert response["Referrer-Policy"] == "no-referrer"
    assert "no-store" in response["Cache-Control"]
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert response["X-Frame-Options"] == "DENY"
    assert 'name="robots" content="noindex' in page
    assert "<form" not in page


@pytest.mark.parametrize("contents", [EVERYTHING, NOTHING])
def test_what_is_never_shown_is_in_no_answer(
    owner: User, session: Session, run: Run, reader: Client, contents: Contents
) -> None:
    text = everything_a_reader_can_get(reader, open_link(owner, session, contents), run)
    assert ANSWER in text
    for canary in (ALWAYS, REDACTED, "canary-redac", "-redac"):
        assert canary not in text


def test_what_is_not_included_is_in_no_answer(owner: User, session: Session, run: Run, reader: Client) -> None:
    text = everything_a_reader_can_get(reader, open_link(owner, session, NOTHING), run)
    for canary in (SYSTEM, PARAMETER, "canary-comment", f">{owner.username}<", "TTFT", "tl-bar", "token--gap"):
        assert canary not in text


def test_without_the_timeline_there_are_no_exact_times_to_ask_for(
    owner: User, session: Session, run: Run, reader: Client
) -> None:
    token = open_link(owner, session, replace(EVERYTHING, timeline=False))
    for url in (
        reverse("sharing:run-view", args=[token, run.pk, "timeline"]),
        reverse("sharing:run-view", args=[token, run.pk, "tokens"]),
        reverse("sharing:replay", args=[token, run.turn_id]),
        reverse("sharing:recording", args=[token, run.turn_id]),
    ):
        assert reader.get(url).status_code == 404


def test_without_the_timeline_no_badge_says_how_long_something_took(
    owner: User, session: Session, run: Run, reader: Client
) -> None:
    chunks = [*((120_000 + n, CHUNK, "word ") for n in range(20)), (7_320_019, CHUNK, "end")]
    make_run(make_turn(session, "Slow"), log([*start(), *chunks]))
    stalled = "stalled 7.2 s"
    with_times = reader.get(reverse("sharing:page", args=[open_link(owner, session, EVERYTHING)])).content.decode()
    without = reader.get(reverse("sharing:page", args=[open_link(owner, session, NOTHING)])).content.decode()
    assert stalled in with_times
    assert stalled not in without


def test_a_link_shows_nothing_of_another_session(owner: User, session: Session, run: Run, reader: Client) -> None:
    token = open_link(owner, session, EVERYTHING)
    other = make_run(make_turn(make_canary_session(owner)))
    assert reader.get(reverse("sharing:run-view", args=[token, other.pk, "answer"])).status_code == 404
    assert reader.get(reverse("sharing:recording", args=[token, other.turn_id])).status_code == 404


def test_a_continued_answer_is_read_from_its_beginning_with_what_is_hidden_there(
    owner: User, session: Session, run: Run, reader: Client
) -> None:
    going_on = make_run(run.turn, text="and so it went on.")
    Run.objects.filter(pk=going_on.pk).update(continues=run, messages=messages_to_continue(run, way_of("ollama")))
    token = open_link(owner, session, NOTHING)

    for address in (reverse("sharing:page", args=[token]), reverse("sharing:run", args=[token, going_on.pk])):
        page = reader.get(address).content.decode()
        assert ANSWER in page
        assert "and so it went on." in page
        assert "prose__part--earlier" in page
        assert REDACTED not in page
        assert reverse("history:run", args=[run.pk]) not in page


def test_new_turns_follow_the_ones_that_are_shown(owner: User, session: Session, run: Run, reader: Client) -> None:
    token = open_link(owner, session, NOTHING)
    url = reverse("sharing:turns", args=[token]) + "?after=0"
    assert "turn-" not in reader.get(url, headers=HTMX).content.decode()
    assert "?after=0" in reader.get(url, headers=HTMX).content.decode()
    turn = make_turn(session, "And then?")
    part = reader.get(url, headers=HTMX).content.decode()
    assert f"turn-{turn.pk}" in part
    assert "Sparkling" not in part
    assert "?after=1" in part


def test_a_link_that_does_not_open_says_so_the_same_way_whatever_the_reason(
    owner: User, session: Session, reader: Client
) -> None:
    tokens = {reason: open_link(owner, session, EVERYTHING) for reason in ("revoked", "expired", "deleted", "left")}
    links = dict(zip(tokens, ShareLink.objects.order_by("pk"), strict=True))
    revoke(owner, links["revoked"])
    links["expired"].expires_at = timezone.now() - timedelta(seconds=1)
    links["expired"].save()

    def answer(token: str) -> tuple[int, str]:
        response = reader.get(reverse("sharing:page", args=[token]))
        return response.status_code, response.content.decode()

    unknown = answer("x" * 32)
    assert unknown[0] == 404
    assert "does not work" in unknown[1]
    assert answer(tokens["revoked"]) == answer(tokens["expired"]) == unknown
    session.deleted_at = timezone.now()
    session.save()
    assert answer(tokens["deleted"]) == unknown
    session.deleted_at = None
    session.save()
    assert answer(tokens["left"])[0] == 200
    Membership.objects.filter(user=owner).delete()
    assert answer(tokens["left"]) == unknown


def test_openings_are_counted_once_a_visitor_and_not_for_machines(
    owner: User, session: Session, reader: Client
) -> None:
    url = reverse("sharing:page", args=[open_link(owner, session, EVERYTHING)])
    reader.head(url)
    for agent in ("Slackbot-LinkExpanding 1.0", "facebookexternalhit/1.1", ""):
        Client(headers={"user-agent": agent}).get(url)
    author = Client(headers={"user-agent": BROWSER})
    author.force_login(owner)
    author.get(url)
    assert ShareLink.objects.get().opened_count == 0
    other = Client(headers={"user-agent": BROWSER})
    for visitor in (other, other, Client(headers={"user-agent": BROWSER})):
        visitor.get(url)
    link = ShareLink.objects.get()
    assert link.opened_count == 2
    assert link.last_opened_at is not None


def test_a_comparison_shows_its_two_runs_and_no_other(owner: User, session: Session, run: Run, reader: Client) -> None:
    other = make_run(make_turn(session, "Compare me"), text="The other answer.")
    left = Run.objects.select_related("turn__session__workspace").get(pk=run.pk)
    _link, token = share_comparison(owner, left, other, LinkDraft(NOTHING))
    page = reader.get(reverse("sharing:page", args=[token])).content.decode()
    assert ANSWER in page
    assert "The other answer." in page
    for canary in (ALWAYS, REDACTED, SYSTEM, PARAMETER):
        assert canary not in page
    third = make_run(make_turn(session, "Third"))
    assert reader.get(reverse("sharing:run", args=[token, third.pk])).status_code == 404


def test_a_session_of_many_turns_takes_as_many_queries_as_one_of_few(
    owner: User, session: Session, run: Run, reader: Client, django_assert_max_num_queries: object
) -> None:
    for number in range(30):
        make_run(make_turn(session, f"Prompt {number}"))
    token = open_link(owner, session, EVERYTHING)
    with django_assert_max_num_queries(8):  # type: ignore[operator]
        assert reader.get(reverse("sharing:page", args=[token])).status_code == 200


def test_no_link_and_no_request_of_the_pages_leaves_them(
    owner: User, session: Session, run: Run, reader: Client
) -> None:
    make_run(make_turn(session, "Long"), stream([f"w{n} " for n in range(2_100)]))
    token = open_link(owner, session, EVERYTHING)
    reader.force_login(owner)  # whoever opens it sees what a stranger does
    text = everything_a_reader_can_get(reader, token, Run.objects.get(turn__prompt="Long"), only_pages=True)
    text += everything_a_reader_can_get(reader, token, run, only_pages=True)
    addresses = set(re.findall(r'(?<![-\w])(?:href|hx-get|hx-post|action|data-src)="([^"]+)"', text))
    assert addresses
    for address in addresses:
        assert address.startswith((f"/s/{token}/", "/static/", "#", "?")), address
