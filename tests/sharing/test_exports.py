"""Exported files: what they hold, what they never hold, and who may take them."""

import base64
import hashlib
import re
from xml.etree import ElementTree as ET

import orjson
import pytest
from django.test import Client
from django.urls import reverse

from playground.accounts.models import User
from playground.recording.events import CHUNK
from playground.recording.redaction import MASK
from playground.recording.session_file import load
from playground.runs.models import Run, Session, Visibility
from playground.sharing.exports.replay_svg import MOST_STEPS, replay_svg
from playground.workspaces.models import AuditEntry
from tests.history.conftest import signed_in
from tests.history.factories import make_run, make_session, make_turn, stream
from tests.sharing.canaries import ALWAYS, ANSWER, PARAMETER, REDACTED, SYSTEM, make_canary_session

EVERYTHING = {"system": "on", "parameters": "on", "timeline": "on", "annotations": "on"}
FORMATS = ("html", "markdown", "json")


@pytest.fixture
def session(owner: User) -> Session:
    return make_canary_session(owner)


@pytest.fixture
def run(session: Session) -> Run:
    return Run.objects.get(turn__session=session)


def export(client: Client, session: Session, name: str, **choices: str) -> str:
    response = client.post(reverse("sharing:export", args=[session.pk]), {"format": name, **choices})
    assert response.status_code == 200
    assert response["Content-Disposition"].startswith("attachment")
    return response.content.decode()


def without_our_code(text: str) -> str:
    return re.sub(r"<(script|style)>.*?</\1>", "", text, flags=re.DOTALL)


def pictures(client: Client, run: Run) -> list[str]:
    return [
        client.get(reverse(f"sharing:export-{kind}", args=[run.pk])).content.decode() for kind in ("timeline", "replay")
    ]


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_holds_the_answers_and_nothing_of_the_inside(client: Client, session: Session, name: str) -> None:
    text = export(client, session, name, **EVERYTHING)
    assert ANSWER in text or "Sparkling " in text
    assert SYSTEM in text
    assert MASK in text or "\\u2588" in text
    for canary in (ALWAYS, REDACTED, "canary-redac", "-redac"):
        assert canary not in without_our_code(text)


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_holds_only_what_was_chosen(client: Client, session: Session, name: str) -> None:
    text = export(client, session, name)
    for canary in (SYSTEM, PARAMETER, "logprob"):
        assert canary not in without_our_code(text)


def test_pictures_hold_nothing_that_is_hidden(client: Client, run: Run) -> None:
    for picture in pictures(client, run):
        ET.fromstring(picture)
        for canary in (ALWAYS, REDACTED, "-redac", SYSTEM):
            assert canary not in picture


def test_the_html_file_needs_nothing_and_runs_only_its_own_script(client: Client, session: Session) -> None:
    text = export(client, session, "html", **EVERYTHING)
    policy = re.search(r'http-equiv="Content-Security-Policy"\s+content="([^"]+)"', text)
    assert policy is not None
    rules = policy[1].replace("&#x27;", "'")
    assert "default-src 'none'" in rules
    for tag in ("script", "style"):
        inside = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        assert len(inside) == 1
        digest = base64.b64encode(hashlib.sha256(inside[0].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in rules
    assert not re.search(r'(?:src|href)="(?:https?:|/)', text)
    assert "style=" not in without_our_code(text)


def test_what_a_model_wrote_cannot_leave_the_data(client: Client, owner: User) -> None:
    session = make_session(owner, title="</title><script>alert(1)</script>")
    make_run(
        make_turn(session, "</script><script>alert(2)</script>"), text="</script><script>alert(3)</script>\u2028 你好"
    )
    text = export(client, session, "html", **EVERYTHING)
    assert "<script>alert" not in text
    data = re.search(r'<script id="recording"[^>]*>(.*?)</script>', text, re.DOTALL)
    assert data is not None
    (turn,) = orjson.loads(data[1])["turns"]
    answer = "".join(event[2] for event in turn["runs"][0]["events"] if event[1] == CHUNK)
    assert answer == "</script><script>alert(3)</script>\u2028 你好"


def test_the_json_file_can_be_read_again(client: Client, session: Session) -> None:
    found = load(export(client, session, "json", **EVERYTHING).encode())
    assert found.turns[0].prompt == f"About {MASK} things"
    assert found.turns[0].runs[0].events[-1].kind == "run.ended"
    assert found.turns[0].runs[0].reads == []


def test_who_sees_a_session_may_export_it_and_the_audit_log_tells(
    client: Client, session: Session, run: Run, teammate: User, stranger: User
) -> None:
    urls = [
        reverse("sharing:export", args=[session.pk]),
        *(reverse(f"sharing:export-{kind}", args=[run.pk]) for kind in ("run", "timeline", "replay")),
    ]
    for url in urls:
        assert signed_in(stranger).get(url).status_code == 404
        assert signed_in(teammate).get(url).status_code == 404
        assert signed_in(None).get(url).status_code == 302
    Session.objects.filter(pk=session.pk).update(visibility=Visibility.WORKSPACE)
    for url in urls:
        assert signed_in(teammate).get(url).status_code == 200
    assert not AuditEntry.objects.exists()
    client.post(urls[0], {"format": "markdown"})
    client.post(urls[2])
    client.post(urls[3], {"speed": "4"})
    actions = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["export.session", "export.timeline", "export.replay"]


def test_an_unknown_format_is_not_found(client: Client, session: Session) -> None:
    assert client.post(reverse("sharing:export", args=[session.pk]), {"format": "exe"}).status_code == 404


def test_a_picture_opened_alone_can_run_nothing(client: Client, run: Run) -> None:
    response = client.get(reverse("sharing:export-replay", args=[run.pk]))
    assert response["Content-Type"] == "image/svg+xml"
    assert "sandbox" in response["Content-Security-Policy"]
    assert "script" not in response["Content-Security-Policy"]


def test_an_animated_replay_stays_small_and_shows_everything() -> None:
    words = [f"word{number} " for number in range(5000)]
    drawn = replay_svg("openai/gpt", stream(words), speed=4)
    root = ET.fromstring(drawn)
    text = "".join(element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text"))
    assert "word0" in text
    assert "word4999" in text
    assert drawn.count('class="piece"') < MOST_STEPS * 4
    assert "animateTransform" in drawn


def test_an_animated_replay_is_paced_as_it_was_recorded() -> None:
    drawn = replay_svg("m", stream(["a ", "b"], first=1_000_000, gap=1_000_000))
    total = 2.0 + 2.5
    assert f'keyTimes="0;{1 / total:.4f}"' in drawn
    assert f'keyTimes="0;{2 / total:.4f}"' in drawn
    assert f'dur="{total:.2f}s"' in drawn


def test_wide_text_and_long_words_stay_on_their_lines() -> None:
    drawn = replay_svg("m", stream(["流" * 100, " ", "x" * 200]))
    lengths = [int(length) for length in re.findall(r'textLength="(\d+)"', drawn)]
    assert max(lengths) <= 76 * 12
    assert sum(lengths) == 100 * 24 + 200 * 12 + (12 if ">  " in drawn or "> " in drawn else 0)
