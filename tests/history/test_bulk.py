"""What is done to many sessions at once: to those that the user may, telling what was skipped."""

import io
import json
import zipfile
from collections.abc import AsyncIterable
from http import HTTPStatus
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import Client

from playground.accounts.models import User
from playground.recording.session_file import load
from playground.recording.status import RunStatus
from playground.review.models import SessionTag
from playground.runs.models import Session
from playground.workspaces.models import AuditEntry, Membership, Role
from tests.history.conftest import signed_in
from tests.history.factories import make_run, make_session

BULK = "/sessions/bulk/"


@pytest.fixture
def mine(owner: User) -> list[Session]:
    return [make_session(owner, title=f"mine {number}", prompts=["Hello"]) for number in range(3)]


@pytest.fixture
def theirs(teammate: User) -> Session:
    return make_session(teammate, title="theirs", visibility="workspace")


def act(client: Client, action: str, sessions: list[Session], **data: Any) -> Any:
    return client.post(BULK, {"action": action, "session": [session.pk for session in sessions], **data}, follow=True)


def test_tag_and_untag(client: Client, mine: list[Session], theirs: Session) -> None:
    page = act(client, "tag", [*mine, theirs], tag=" release  2 ")

    assert "4 sessions were tagged." in page.text
    assert set(SessionTag.objects.values_list("tag__name", flat=True)) == {"release 2"}
    act(client, "tag", mine[:1], tag="Release 2")  # the same, whatever its case
    assert SessionTag.objects.count() == 4
    act(client, "untag", mine, tag="RELEASE 2")
    assert SessionTag.objects.get().session == theirs


def test_a_tag_needs_a_name(client: Client, mine: list[Session]) -> None:
    assert "Write the name of a tag first." in act(client, "tag", mine, tag="  ").text


def test_delete_skips_what_is_not_the_users_and_is_undone_as_one(
    client: Client, mine: list[Session], theirs: Session
) -> None:
    earlier = mine.pop()
    client.post(f"/sessions/{earlier.pk}/delete/")
    live = make_run(mine[0].turns.get(), status=RunStatus.STREAMING)

    page = act(client, "delete", [*mine, theirs])

    assert "2 sessions were deleted. 1 was skipped" in page.text
    assert set(Session.objects.filter(deleted_at=None)) == {theirs}
    live.refresh_from_db()
    assert live.stop_requested_at is not None
    moment = page.context["moment"]
    assert f'value="{moment}"' in page.text

    back = client.post("/sessions/bulk/restore/", {"moment": moment}, follow=True)

    assert "2 sessions are back." in back.text
    assert set(Session.objects.filter(deleted_at=None)) == {*mine, theirs}
    assert client.post("/sessions/bulk/restore/", {"moment": moment}).status_code == HTTPStatus.NOT_FOUND
    assert client.post("/sessions/bulk/restore/", {"moment": "x"}).status_code == HTTPStatus.NOT_FOUND


def test_all_that_match(owner: User, client: Client, mine: list[Session]) -> None:
    other = make_session(owner, title="another")

    act(client, "delete", [], all="1", query="q=mine")

    assert list(Session.objects.filter(deleted_at=None)) == [other]


def test_visibility(client: Client, mine: list[Session], theirs: Session) -> None:
    page = act(client, "workspace", [*mine, theirs], query="scope=workspace")

    assert "The workspace sees 3 sessions. 1 was skipped" in page.text
    assert "mine 0" in page.text
    assert Session.objects.filter(visibility="workspace").count() == 4
    act(client, "private", [*mine, theirs])
    assert Session.objects.get(visibility="workspace") == theirs


def test_nothing_chosen_and_nothing_allowed(client: Client, teammate: User) -> None:
    private = make_session(teammate)

    assert "No session is chosen." in act(client, "delete", []).text
    assert "Nothing was changed" in act(client, "delete", [private]).text
    assert client.post(BULK, {"action": "nonsense"}).status_code == HTTPStatus.BAD_REQUEST


def test_a_viewer_exports_only(owner: User, theirs: Session) -> None:
    Membership.objects.filter(user=owner).update(role=Role.VIEWER)
    browser = signed_in(owner)

    for action in ("tag", "delete", "private"):
        assert "Nothing was changed" in act(browser, action, [theirs], tag="x").text
    assert browser.post(BULK, {"action": "export", "session": [theirs.pk]})["Content-Type"] == "application/zip"


async def joined(parts: AsyncIterable[bytes]) -> bytes:
    return b"".join([part async for part in parts])


def test_export(client: Client, teammate: User, mine: list[Session], theirs: Session) -> None:
    make_run(mine[0].turns.get(), text="The answer.")
    private = make_session(teammate, title="private")

    chosen = [mine[0].pk, theirs.pk, private.pk]
    response = client.post(BULK, {"action": "export", "session": chosen}, headers={"Accept-Encoding": "gzip"})
    archive = zipfile.ZipFile(io.BytesIO(async_to_sync(joined)(response.streaming_content)))

    assert response["Content-Disposition"].startswith("attachment;")
    names = archive.namelist()
    assert [name[:5] for name in names] == ["0001-", "0002-"]
    assert "private" not in "".join(names)
    recorded = load(archive.read(names[0]))
    assert recorded.title == "mine 0"
    assert recorded.turns[0].runs[0].events[-1].kind == "run.ended"
    assert json.loads(archive.read(names[1]))["title"] == "theirs"
    assert AuditEntry.objects.get(action="export.sessions").details == {"sessions": 2}


def test_without_scripts_the_boxes_belong_to_the_form(client: Client, mine: list[Session]) -> None:
    html = client.get("/sessions/").text

    assert html.count('form="bulk"') == 3
    assert 'id="bulk"' in html
