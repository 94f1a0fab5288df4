"""Starting a batch, and the grid of its results."""

import csv
import io
import re
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from playground.accounts.models import User
from playground.library import batches, grid
from playground.library.models import Batch
from playground.workspaces.models import AuditEntry
from tests.library.conftest import HTMX, signed_in
from tests.library.factories import make_content, make_prompt
from tests.runs.factories import make_run, make_turn

MODELS = ["sim/sim-n5-r0", "sim/sim-n6-r0"]
TABLE = "topic,lines,tone\ngoldfish,2,calm\nwater,10,cheerful\n"


def make_batch(user: User, rows: int = 3, **content: Any) -> Batch:
    prompt = make_prompt(user, content=make_content(**content))
    assert prompt.current is not None
    values = [{"topic": f"topic {n}", "lines": str(n), "tone": "calm"} for n in range(rows)]
    return batches.create(user, prompt.current, MODELS, values, "Batch: Poem v1")


def answer(batch: Batch, position: int, **runs: Any) -> None:
    """Start a row, and end its lanes with these fields."""
    row = batch.rows.get(position=position)
    row.turn = make_turn(batch.session)
    row.save()
    for lane, model in enumerate(MODELS):
        make_run(row.turn, lane=lane, model_id=model, **{"status": "completed", **runs})


def test_a_batch_is_started_from_a_pasted_table(client: Client, editor: User) -> None:
    prompt = make_prompt(editor)
    page = client.get(f"/prompts/{prompt.pk}/batch/").text
    assert "lines,tone,topic\n2,cheerful,goldfish on the moon" in page.replace("\r", "")
    response = client.post(f"/prompts/{prompt.pk}/batch/", {"table": TABLE, "model": MODELS})
    batch = Batch.objects.get()
    assert response["Location"] == f"/batches/{batch.pk}/"
    assert batch.session.title == "Batch: Poem v1"
    assert [row.values["topic"] for row in batch.rows.all()] == ["goldfish", "water"]
    assert batch.model_ids == MODELS
    assert "0 of 2 rows done" in client.get(response["Location"]).text


def test_a_batch_is_started_from_a_file(client: Client, editor: User) -> None:
    prompt = make_prompt(editor)
    file = SimpleUploadedFile("values.csv", ("\ufeff" + TABLE).encode())
    client.post(f"/prompts/{prompt.pk}/batch/", {"file": file, "table": "", "others": "sim/sim\r\n"})
    assert Batch.objects.get().rows.count() == 2


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"table": "topic\nx", "model": MODELS}, "missing: lines, tone"),
        ({"table": TABLE}, "Choose 1 to 8 models"),
        ({"table": TABLE, "others": "nowhere/x"}, "nowhere/x"),
        ({"file": b"topic,lines,tone\na,b,calm\n", "table": "", "model": MODELS}, "Row 1, column “lines”"),
    ],
)
def test_what_is_wrong_is_said_and_the_table_is_kept(
    client: Client, editor: User, data: dict[str, Any], words: str
) -> None:
    prompt = make_prompt(editor)
    sent = {**data}
    if "file" in sent:
        sent["file"] = SimpleUploadedFile("values.csv", sent["file"])
    response = client.post(f"/prompts/{prompt.pk}/batch/", sent)
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert words in response.text
    typed = data.get("file", b"").decode() or data["table"]
    assert f"{typed.strip()}" in response.text
    assert not Batch.objects.exists()


def test_the_grid_shows_answers_numbers_and_totals(client: Client, editor: User) -> None:
    batch = make_batch(editor)
    answer(batch, 0, text="<b>Bold</b> answer", ttft_ms=120.0, tokens_per_s=50.0)
    answer(batch, 1, status="failed", error_message="It broke.")
    page = client.get(f"/batches/{batch.pk}/").text
    assert "&lt;b&gt;Bold&lt;/b&gt; answer" in page
    assert "TTFT 120 ms" in page
    assert "It broke." in page
    assert "2 of 3 rows done" in page
    assert 'hx-trigger="every 2s"' in page
    totals = grid.load(batch).totals
    assert [(t.completed, t.failed, t.live, t.ttft_ms, t.tokens_per_s) for t in totals] == [(1, 1, 0, 120.0, 50.0)] * 2


def test_a_retried_lane_shows_its_newest_run(editor: User) -> None:
    batch = make_batch(editor, rows=1)
    answer(batch, 0, status="failed")
    turn = batch.rows.get().turn
    assert turn is not None
    again = make_run(turn, lane=0, status="completed", model_id=MODELS[0])
    cell = grid.load(batch).rows[0].cells[0]
    assert cell is not None
    assert cell.run_id == again.pk


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("row", [1, 2, 3]),
        ("-row", [3, 2, 1]),
        ("value-0", [1, 2, 3]),
        ("-value-0", [3, 2, 1]),
        ("ttft-0", [2, 1, 3]),
        ("-ttft-0", [1, 2, 3]),
        ("ttft-9", [1, 2, 3]),
        ("nonsense", [1, 2, 3]),
    ],
)
def test_rows_are_sorted_by_any_column(editor: User, sort: str, order: list[int]) -> None:
    batch = make_batch(editor)
    answer(batch, 0, ttft_ms=300.0)
    answer(batch, 1, ttft_ms=20.0)
    assert [row.number for row in grid.sorted_rows(grid.load(batch), sort)] == order


def test_a_large_grid_comes_in_pages_of_few_queries(
    client: Client, editor: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    batch = make_batch(editor, rows=120)
    for position in range(60):
        answer(batch, position, text="x" * 1000)
    with django_assert_max_num_queries(12):
        page = client.get(f"/batches/{batch.pk}/?sort=-row&page=2", headers=HTMX).text
    assert len(re.findall(r'<th scope="row">\d+</th>', page)) == 50
    assert "Page 2 of 3" in page
    assert "x" * (grid.ANSWER_START + 1) not in page


def test_results_as_a_file(client: Client, editor: User) -> None:
    batch = make_batch(editor, rows=2)
    answer(batch, 0, text="=SUM(A1)\nline", ttft_ms=12.5)
    response = client.get(f"/batches/{batch.pk}/export/")
    assert 'filename="batch-poem-v1.csv"' in response["Content-Disposition"]
    header, first, second = csv.reader(io.StringIO(response.content.decode("utf-8-sig"), newline=""))
    row = dict(zip(header, first, strict=True))
    assert row["topic"] == "topic 0"
    assert row[f"{MODELS[0]} answer"] == "'=SUM(A1)\nline"
    assert row[f"{MODELS[0]} ttft_ms"] == "12.5"
    assert row[f"{MODELS[0]} run"].startswith("http://testserver/runs/")
    assert dict(zip(header, second, strict=True))[f"{MODELS[1]} status"] == ""
    assert AuditEntry.objects.get().action == "export.batch"


def test_stop_starts_no_more_rows_and_stops_those_that_run(client: Client, editor: User) -> None:
    batch = make_batch(editor)
    answer(batch, 0, status="streaming", lease_expires_at=timezone.now() + timedelta(minutes=1))
    client.post(f"/batches/{batch.pk}/stop/")
    batch.refresh_from_db()
    assert not batch.is_open
    assert all(run.stop_requested_at for run in batches.live_runs(batch))
    assert "not started" in client.get(f"/batches/{batch.pk}/").text


def test_who_sees_a_batch_is_who_sees_its_session(
    owner: User, editor: User, viewer: User, stranger: User, client: Client
) -> None:
    batch = make_batch(editor)
    for user in (owner, viewer, stranger):
        assert signed_in(user).get(f"/batches/{batch.pk}/").status_code == HTTPStatus.NOT_FOUND
        assert signed_in(user).get(f"/batches/{batch.pk}/export/").status_code == HTTPStatus.NOT_FOUND
    batch.session.visibility = "workspace"
    batch.session.save()
    assert signed_in(viewer).get(f"/batches/{batch.pk}/").status_code == HTTPStatus.OK
    assert signed_in(viewer).post(f"/batches/{batch.pk}/stop/").status_code == HTTPStatus.FORBIDDEN
    assert signed_in(owner).post(f"/batches/{batch.pk}/stop/").status_code == HTTPStatus.FOUND
    assert signed_in(stranger).get(f"/batches/{batch.pk}/").status_code == HTTPStatus.NOT_FOUND
    prompt = batch.version.prompt
    assert signed_in(viewer).get(f"/prompts/{prompt.pk}/batch/").status_code == HTTPStatus.FORBIDDEN


def test_where_no_engine_runs_a_batch_waits(editor: User) -> None:
    batch = make_batch(editor)
    assert batches.advance_all("here")
    batch.refresh_from_db()
    assert (batch.is_open, batch.waiting_for) == (True, "busy")
    assert not batch.rows.exclude(turn=None).exists()


def test_a_batch_is_one_process_s_for_as_long_as_its_lease(editor: User) -> None:
    batch = make_batch(editor)
    batches.advance_all("here")
    batches.advance_all("elsewhere")
    batch.refresh_from_db()
    assert batch.owner_process == "here"
    Batch.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    batches.advance_all("elsewhere")
    batch.refresh_from_db()
    assert batch.owner_process == "elsewhere"


def test_a_deleted_session_ends_its_batch(editor: User) -> None:
    batch = make_batch(editor)
    batch.session.deleted_at = timezone.now()
    batch.session.save()
    batches.advance_all("here")
    batch.refresh_from_db()
    assert not batch.is_open


def test_every_row_stands_alone(editor: User) -> None:
    batch = make_batch(editor, text="About {{topic}}", system="Write {{lines}}.")
    values = {"topic": "{{lines}}", "lines": "4"}
    assert batches.filled_messages(batch.version, values) == [
        {"role": "system", "content": "Write 4."},
        {"role": "user", "content": "About {{lines}}"},
    ]
