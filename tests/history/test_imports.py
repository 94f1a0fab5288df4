"""Exported sessions are brought in again, and what cannot be is refused with the reason."""

import io
import zipfile
from collections.abc import AsyncIterator, Mapping
from html import unescape

import pytest
from asgiref.sync import async_to_sync
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from playground.accounts.models import User
from playground.history import import_form, imports
from playground.interchange import stream_jsonl
from playground.recording.session_file import RecordedSession, RecordedTurn, dump
from playground.runs.models import Run, Session
from playground.runs.transfer import recorded_session
from playground.workspaces.models import AuditEntry
from tests.history.factories import make_run, make_session, make_turn

PAGE = "/sessions/import/"


def send(client: Client, content: bytes, name: str = "song.json") -> HttpResponse:
    return client.post(PAGE, {"file": SimpleUploadedFile(name, content)})


def zipped(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def named(title: str, **parameters: object) -> bytes:
    return dump(RecordedSession(title, [RecordedTurn("Hi", parameters=parameters)]))


async def joined(parts: AsyncIterator[bytes]) -> bytes:
    return b"".join([part async for part in parts])


def error_in(response: HttpResponse) -> str:
    """The first error of a form that came back."""
    assert response.status_code == 422
    _before, _mark, after = response.content.decode().partition('<ul class="errorlist"')
    return unescape(after.partition("</ul>")[0])


@pytest.fixture
def recorded(owner: User) -> Run:
    return make_run(make_turn(make_session(owner, title="A song"), "Write a song."), raw=b"data: one")


def test_a_file_becomes_a_private_session_whose_runs_every_view_shows(
    client: Client, owner: User, recorded: Run
) -> None:
    response = send(client, dump(recorded_session(recorded.turn.session)))
    assert response.status_code == 302, error_in(response)
    copy = Session.objects.get(origin="import")
    assert response["Location"] == copy.get_absolute_url()
    assert (copy.title, copy.visibility, copy.owner) == ("A song", "private", owner)
    run = Run.objects.get(turn__session=copy)
    for address in (
        reverse("history:run", args=[run.pk]),
        f"{reverse('history:run', args=[run.pk])}?view=bytes&seq=4",
        reverse("replay:run", args=[run.pk]),
        f"{reverse('replay:compare')}?a={recorded.pk}&b={run.pk}",
    ):
        assert client.get(address).status_code == 200, address
    assert "imported" in client.get(copy.get_absolute_url()).content.decode()
    assert "imported" in client.get(reverse("history:sessions")).content.decode()
    (entry,) = AuditEntry.objects.filter(action="session.import")
    assert (entry.subject, entry.subject_id) == ("", str(copy.pk))


def test_the_zip_of_an_export_comes_back_whole_and_in_its_order(client: Client, owner: User, recorded: Run) -> None:
    other = make_session(owner, title="Another", prompts=["Hi"])
    chosen = [recorded.turn.session_id, other.pk]
    export = client.post(reverse("history:bulk"), {"action": "export", "session": chosen})
    archive = async_to_sync(joined)(export.streaming_content)

    response = send(client, archive, "sessions.zip")

    assert response["Location"] == reverse("history:sessions")
    titles = Session.objects.filter(origin="import").order_by("-updated_at").values_list("title", flat=True)
    assert list(titles) == ["A song", "Another"]
    assert AuditEntry.objects.get(action="session.import").details == {"sessions": 2}


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.json", b"nonsense", "“a.json” cannot be imported. What can be imported is a recording (.stream.jsonl)"),
        ("a.json", b'{"format": "other"}', "cannot be told"),
        ("a.jsonl", b'{"format":"playground.stream","version":2}', "Line 1 has version 2"),
        ("a.json", named("A", temperature=9), "temperature must be a number"),
        ("a.zip", zipped({"one.json": named("A"), "two.json": b"[]"}), "“two.json” cannot be imported."),
        ("a.zip", zipped({"read.me": b""}), "holds no recording"),
        ("a.zip", zipped({"one.json": named("A")}).replace(b"Hi", b"Ho", 1), "damaged"),
        ("a.json", b"", "The file is empty."),
    ],
)
def test_what_is_wrong_with_a_file_is_said_and_nothing_of_it_is_saved(
    client: Client, name: str, content: bytes, reason: str
) -> None:
    response = send(client, content, name)
    assert reason in error_in(response)
    assert 'aria-invalid="true"' in response.content.decode()
    assert not Session.objects.exists()


def test_no_file_and_one_that_is_too_large_are_refused(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Choose a file first." in error_in(client.post(PAGE))
    monkeypatch.setattr(import_form, "MAX_BYTES", 100)
    assert "more than 50 MB" in error_in(send(client, named("A" * 100)))


def test_a_zip_may_not_unfold_beyond_its_limits(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = zipped({"one.json": named("A" * 150), "two.json": named("B" * 150)})
    monkeypatch.setattr(imports, "MAX_BYTES", 200)
    assert "“one.json” has more than 50 MB." in error_in(send(client, archive))
    monkeypatch.setattr(imports, "_MAX_UNPACKED", 300)
    assert "more than 500 MB" in error_in(send(client, archive))
    monkeypatch.setattr(imports, "MOST", 1)
    assert "at most 1 can be imported" in error_in(send(client, archive))
    assert not Session.objects.exists()


SSE = (
    b'data: {"model":"gpt-x","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\n'
    b"data: [DONE]\n\n"
)
EVENTS = (
    b'{"event":"on_llm_start","run_id":"a","name":"x","data":{"input":{"prompts":["Hi"]}}}\n'
    b'{"event":"on_llm_stream","run_id":"a","name":"x","data":{"chunk":"Hello"}}\n'
    b'{"event":"on_llm_end","run_id":"a","name":"x","data":{"output":"Hello"}}\n'
)
SPANS = (
    b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"chat","attributes":['
    b'{"key":"gen_ai.operation.name","value":{"stringValue":"chat"}},'
    b'{"key":"gen_ai.completion","value":{"stringValue":"Hello"}}]}]}]}]}'
)


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("song.sse", SSE, "Body of an answer (SSE or NDJSON), openai-chat"),
        ("song.jsonl", EVENTS, "LangChain events (JSON lines)"),
        ("song.json", SPANS, "OpenTelemetry spans (OTLP JSON)"),
        ("song.zip", zipped({"song.sse": SSE}), "Body of an answer (SSE or NDJSON), openai-chat"),
    ],
)
def test_other_programs_streams_are_told_apart_and_every_view_shows_them(
    client: Client, name: str, content: bytes, found: str
) -> None:
    response = send(client, content, name)
    assert response.status_code == 302, error_in(response)
    run = Run.objects.get()
    assert run.turn.session.title == "song"
    page = client.get(run.turn.session.get_absolute_url()).content.decode()
    assert f"1 session was imported. Found: {found}." in page
    for view in ("answer", "characters", "tokens", "timeline", "events", "bytes"):
        assert client.get(f"{reverse('history:run', args=[run.pk])}?view={view}").status_code == 200, view
    assert client.get(reverse("replay:run", args=[run.pk])).status_code == 200


def test_where_the_dialect_cannot_be_told_it_is_asked_for(client: Client) -> None:
    refused = b'data: {"error":{"message":"Overloaded"}}\n\n'
    response = send(client, refused, "refused.sse")
    assert response.status_code == 422
    page = unescape(response.content.decode())
    assert "It cannot be told in which dialect this answer is" in page
    assert "Choose the format, or the dialect, and then the file again." in page
    file = SimpleUploadedFile("refused.sse", refused)
    assert client.post(PAGE, {"file": file, "format": "dump", "dialect": "openai-chat"}).status_code == 302
    assert Run.objects.get().status == "failed"


def test_the_recording_of_a_run_comes_back_with_all_of_it(client: Client, recorded: Run) -> None:
    lines = stream_jsonl.dump(recorded_session(recorded.turn.session))
    assert send(client, lines, "song.stream.jsonl").status_code == 302
    copy = Run.objects.exclude(pk=recorded.pk).get()
    assert (copy.started_at, copy.text) == (recorded.started_at, recorded.text)
    assert stream_jsonl.dump(recorded_session(copy.turn.session)) == lines
