"""The recording of a run as a file: from its page, over REST, and with the command; what is redacted stays hidden."""

from pathlib import Path

import orjson
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from playground.accounts.models import User
from playground.interchange.formats import WRITERS, read
from playground.recording.redaction import MASK
from playground.recording.status import RunStatus
from playground.runs.models import Run, Session
from playground.runs.store import load_events, load_reads
from playground.sharing.exports.recordings import CHOICES, recording_of
from playground.workspaces.models import AuditEntry, Workspace
from playground.workspaces.tokens import create_token
from tests.history.factories import make_run, make_session, make_turn
from tests.sharing.canaries import ANSWER, REDACTED, make_canary_session

NAMES = [choice.name for choice in CHOICES]


@pytest.fixture
def run(owner: User) -> Run:
    turn = make_turn(make_session(owner, title="A song"), "Write a song.", system="Be brief.")
    return make_run(turn, raw=b'data: {"choices":[{"delta":{"content":"Hi"}}]}\n\n')


def export(client: Client, run: Run, name: str) -> HttpResponse:
    return client.post(reverse("sharing:export-recording", args=[run.pk]), {"format": name})


def over_rest(user: User, run: Run, name: str) -> HttpResponse:
    token = create_token(user, Workspace.objects.default())
    return Client().get(f"/api/v1/runs/{run.pk}/export?format={name}", headers={"Authorization": f"Bearer {token}"})


def command(*arguments: str, capture: pytest.CaptureFixture[bytes]) -> bytes:
    capture.readouterr()
    call_command("recording", *arguments)
    return capture.readouterr().out


def test_every_format_is_offered_on_the_page() -> None:
    assert set(NAMES) == set(WRITERS)


@pytest.mark.parametrize("name", NAMES)
def test_a_run_is_downloaded_in_every_format(client: Client, run: Run, name: str) -> None:
    assert f'value="{name}"' in client.get(reverse("sharing:export-run", args=[run.pk])).content.decode()
    response = export(client, run, name)
    assert response.status_code == 200
    assert response["Content-Disposition"] == (
        f'attachment; filename="sim-sim-{run.pk.hex[-8:]}.{WRITERS[name].ending}"'
    )
    assert "sandbox" in response["Content-Security-Policy"]
    assert response.content == WRITERS[name].write(recording_of(run))
    (entry,) = AuditEntry.objects.filter(action="export.recording")
    assert (entry.details, entry.subject, entry.subject_id) == ({"format": name}, "", str(run.pk))


def test_the_page_the_interface_and_the_command_give_the_same_bytes(
    client: Client, owner: User, run: Run, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    for name in ("stream", "langchain-v2", "raw"):
        found = {
            export(client, run, name).content,
            over_rest(owner, run, name).content,
            command("export", str(run.pk), "--format", name, capture=capfdbinary),
        }
        assert len(found) == 1


def test_what_was_exported_imported_and_exported_again_is_the_same_bytes(
    client: Client, owner: User, run: Run, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    exported = export(client, run, "stream").content
    file = tmp_path / "song.stream.jsonl"
    file.write_bytes(exported)
    told = command("import", str(file), "--user", owner.username, capture=capfdbinary).decode().splitlines()
    copy = Run.objects.exclude(pk=run.pk).get()
    assert told == [f"session {copy.turn.session_id} (stream)", f"run {copy.pk} sim/sim completed"]
    assert export(client, copy, "stream").content == exported
    assert (load_events(copy.pk), load_reads(copy.pk)) == (load_events(run.pk), load_reads(run.pk))
    assert (copy.started_at, copy.ended_at) == (run.started_at, run.ended_at)


def test_the_interface_imports_a_body_and_a_form(owner: User, run: Run) -> None:
    headers = {"Authorization": f"Bearer {create_token(owner, Workspace.objects.default())}"}
    exported = over_rest(owner, run, "stream").content
    response = Client().post("/api/v1/imports", exported, content_type="application/jsonl", headers=headers)
    assert response.status_code == 201
    (session,) = response.json()["sessions"]
    assert (session["title"], session["format"], session["dialect"]) == ("A song", "stream", "")
    copy = Run.objects.get(pk=session["runs"][0]["id"])
    assert copy.text == run.text
    assert over_rest(owner, copy, "stream").content == exported

    raw = WRITERS["raw"].write(recording_of(run))
    response = Client().post(
        "/api/v1/imports?format=dump&dialect=openai-chat&name=hi.sse", raw, content_type="text/plain", headers=headers
    )
    (session,) = response.json()["sessions"]
    assert (session["title"], session["dialect"], session["runs"][0]["status"]) == ("hi", "openai-chat", "truncated")


def test_the_interface_imports_the_part_of_a_form(owner: User, run: Run) -> None:
    headers = {"Authorization": f"Bearer {create_token(owner, Workspace.objects.default())}"}
    file = SimpleUploadedFile("song.stream.jsonl", WRITERS["stream"].write(recording_of(run)))
    response = Client().post("/api/v1/imports", {"file": file}, headers=headers)
    assert response.status_code == 201
    assert Run.objects.exclude(pk=run.pk).get().text == run.text
    assert Client().post("/api/v1/imports", {}, headers=headers).json()["error"]["field"] == "file"
    refused = SimpleUploadedFile("refused.sse", b'data: {"error":{"message":"Overloaded"}}\n\n')
    response = Client().post("/api/v1/imports", {"file": refused, "dialect": "openai-chat"}, headers=headers)
    assert response.json()["sessions"][0]["runs"][0]["status"] == "failed"


def test_bytes_that_were_not_kept_are_not_exported(client: Client, owner: User) -> None:
    run = make_run(make_turn(make_session(owner)))
    assert export(client, run, "raw").status_code == 409
    assert export(client, run, "stream").status_code == 200


@pytest.mark.parametrize(
    ("query", "body", "field", "message"),
    [
        ("", b"nonsense", "file", "What can be imported is a recording"),
        ("", b'data: {"what": 1}\n\n', "dialect", "cannot be told"),
        ("", b"", "file", "The file is empty."),
        ("", b'{"format":"playground.stream","version":3}', "file", "Line 1 has version 3"),
        ("?format=docx", b"{}", "format", "There is no format “docx”"),
        ("?dialect=klingon", b"{}", "dialect", "There is no dialect “klingon”"),
    ],
)
def test_what_cannot_be_imported_is_refused_with_its_field(
    owner: User, query: str, body: bytes, field: str, message: str
) -> None:
    headers = {"Authorization": f"Bearer {create_token(owner, Workspace.objects.default())}"}
    response = Client().post(f"/api/v1/imports{query}", body, content_type="application/json", headers=headers)
    assert response.status_code == 422
    error = response.json()["error"]
    assert (error["code"], error["field"]) == ("invalid", field)
    assert message in error["message"]
    assert not Session.objects.exists()


def test_a_run_that_was_not_recorded_is_not_exported(client: Client, owner: User) -> None:
    run = make_run(make_turn(make_session(owner), "", is_recorded=False), [], text="")
    page = client.get(reverse("sharing:export-run", args=[run.pk])).content.decode()
    assert "was streamed without being recorded" in page
    assert "Timeline" not in page.partition("<main")[2]
    assert export(client, run, "stream").status_code == 409
    response = over_rest(owner, run, "stream")
    assert response.status_code == 409
    assert "without being recorded" in response.json()["error"]["message"]
    with pytest.raises(CommandError, match="without being recorded"):
        call_command("recording", "export", str(run.pk))


def test_a_run_that_streams_is_exported_once_it_has_ended(client: Client, owner: User) -> None:
    run = make_run(make_turn(make_session(owner)), status=RunStatus.STREAMING)
    assert "still streaming" in client.get(reverse("sharing:export-run", args=[run.pk])).content.decode()
    assert over_rest(owner, run, "stream").status_code == 409


def test_an_unknown_format_is_refused_with_those_there_are(client: Client, owner: User, run: Run) -> None:
    assert export(client, run, "exe").status_code == 422
    assert over_rest(owner, run, "exe").json()["error"]["field"] == "format"


@pytest.mark.parametrize("name", [name for name in NAMES if name != "raw"])
def test_what_is_redacted_is_in_no_file(client: Client, owner: User, name: str) -> None:
    run = Run.objects.get(turn__session=make_canary_session(owner))
    text = export(client, run, name).content.decode()
    assert REDACTED not in text
    assert "-redac" not in text
    if name not in ("csv", "otlp", "markdown"):
        imported = read(text.encode())
        assert MASK in str(imported.session.turns[0].prompt)
    assert ANSWER in text or "Sparkling " in text


def test_raw_bytes_of_a_redacted_session_are_refused(client: Client, owner: User) -> None:
    run = Run.objects.get(turn__session=make_canary_session(owner))
    assert export(client, run, "raw").status_code == 409


def test_the_command_exports_a_session_and_says_what_is_wrong(
    owner: User, run: Run, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    make_run(make_turn(run.turn.session, "Another."))
    lines = command("export", str(run.turn.session_id), capture=capfdbinary).splitlines()
    assert [orjson.loads(line)["prompt"] for line in lines if b'"format"' in line] == ["Write a song.", "Another."]
    (tmp_path / "x").write_bytes(b'data: {"what": 1}\n\n')
    for arguments, message in (
        (["export", "nonsense"], "is no id"),
        (["export", "0" * 32], "There is no run"),
        (["export", str(run.turn.session_id), "--format", "csv"], "exported as stream or json"),
        (["import", str(tmp_path / "missing"), "--user", owner.username], "cannot be read"),
        (["import", str(tmp_path / "x"), "--user", owner.username], "Name it with --format, or --dialect"),
        (["import", str(tmp_path / "x"), "--user", "nobody"], "no active user"),
    ):
        with pytest.raises(CommandError, match=message):
            call_command("recording", *arguments)
    redacted = make_canary_session(owner)
    with pytest.raises(CommandError, match="redacted"):
        call_command("recording", "export", str(redacted.pk))
