"""The replay's pages and the recordings that they play."""

import gzip

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from playground.accounts.models import User
from playground.recording.status import RunStatus
from playground.review.models import Anchor, Comment, Thread
from playground.runs.models import Run, Session, Turn
from tests.history.factories import make_run, stream
from tests.replay.conftest import signed_in


def test_a_recording_is_every_event_as_it_was_stored(client: Client, run: Run) -> None:
    (part,) = client.get(f"/runs/{run.pk}/replay/recording.json").json()["runs"]

    assert (part["id"], part["model"], part["status"]) == (str(run.pk), "acme/one", "completed")
    assert [kind for _t, kind, _data in part["events"]][:2] == ["run.started", "attempt.started"]
    assert "".join(data for _t, kind, data in part["events"] if kind == "chunk") == run.text
    assert part["events"][-1][1] == "run.ended"


def test_a_turn_replays_the_newest_run_of_each_lane(client: Client, turn: Turn, run: Run) -> None:
    again = make_run(turn, retries=run)
    other = make_run(turn, lane=1)

    parts = client.get(f"/turns/{turn.pk}/replay/recording.json").json()["runs"]
    page = client.get(f"/turns/{turn.pk}/replay/").content.decode()

    assert [part["id"] for part in parts] == [str(again.pk), str(other.pk)]
    assert f'data-run="{again.pk}"' in page
    assert f'data-run="{run.pk}"' not in page


def test_a_long_recording_is_compressed(client: Client, turn: Turn) -> None:
    long = make_run(turn, stream(["word "] * 2_000))
    answer = client.get(f"/runs/{long.pk}/replay/recording.json", headers={"Accept-Encoding": "gzip"})

    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(answer.content) * 4 < len(gzip.decompress(answer.content))


def test_the_page_leads_back_to_where_the_answer_is(client: Client, run: Run) -> None:
    assert f'href="/runs/{run.pk}/"' in client.get(f"/runs/{run.pk}/replay/").content.decode()
    turn_page = client.get(f"/turns/{run.turn_id}/replay/").content.decode()
    assert f"/sessions/{run.turn.session_id}/#turn-{run.turn_id}" in turn_page


def test_a_live_run_can_be_watched_instead(client: Client, turn: Turn) -> None:
    live = make_run(turn, status=RunStatus.STREAMING)

    page = client.get(f"/runs/{live.pk}/replay/").content.decode()

    assert "Watch it live" in page
    assert f'/sessions/{turn.session_id}/#run-{live.pk}"' in page


def test_an_unknown_view_is_the_answer(client: Client, run: Run) -> None:
    assert 'data-view="tokens"\n' in client.get(f"/runs/{run.pk}/replay/?view=tokens").content.decode()
    for unknown in ("%22%3E", "bytes"):
        assert client.get(f"/runs/{run.pk}/replay/?view={unknown}").context["view"] == "answer"


@pytest.mark.parametrize("address", ["/runs/{run}/replay/", "/runs/{run}/replay/recording.json"])
def test_a_private_run_is_its_authors(session: Session, run: Run, teammate: User, address: str) -> None:
    address = address.format(run=run.pk)
    assert signed_in(teammate).get(address).status_code == 200

    Session.objects.filter(pk=session.pk).update(visibility="private")
    assert signed_in(teammate).get(address).status_code == 404


def test_open_comments_on_a_place_are_pins(client: Client, session: Session, run: Run, author: User) -> None:
    common = {"session": session, "turn": run.turn, "run": run, "created_by": author}
    moment = Thread.objects.create(anchor=Anchor.MOMENT, t=140_000, **common)
    Thread.objects.create(anchor=Anchor.CHUNK, seq=5, quote="water", **common)
    Thread.objects.create(anchor=Anchor.MOMENT, t=1, resolved_at=timezone.now(), **common)
    Thread.objects.create(anchor=Anchor.RUN, **common)
    Comment.objects.create(thread=moment, author=author, body="Why so slow?")

    pins = client.get(f"/runs/{run.pk}/replay/recording.json").json()["pins"]

    assert [(pin["t"], pin["seq"], pin["label"]) for pin in pins] == [
        (140_000, None, "author: Why so slow?"),
        (None, 5, "water"),
    ]
    assert str(moment.pk) in pins[0]["href"]


def test_queries_do_not_grow_with_the_lanes(client: Client, turn: Turn, run: Run) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(f"/turns/{turn.pk}/replay/")
        return len(captured)

    few = queries()
    for lane in range(1, 8):
        make_run(turn, lane=lane)
    assert queries() == few


@pytest.mark.parametrize("name", ["run", "turn"])
def test_a_stranger_knows_of_neither(run: Run, stranger: User, name: str) -> None:
    key = run.pk if name == "run" else run.turn_id
    assert signed_in(stranger).get(f"/{name}s/{key}/replay/").status_code == 404
