"""What `manage.py prune` and the daily pruning remove, in which order, and what they leave alone."""

import io
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from playground.recording.events import CHUNK, RUN_STARTED, Event
from playground.recording.log import Read
from playground.runs import retention, store
from playground.runs.compaction import pack_compact
from playground.runs.database import DatabaseThreads
from playground.runs.management.commands.prune import age, bytes_of
from playground.runs.models import Run, Segment, Session
from playground.runs.purge import prune_old
from playground.runs.retention import Policy, Pruning, recorded_bytes
from playground.sharing.models import ShareLink
from playground.workspaces.models import AuditEntry
from tests.factories import make_workspace
from tests.runs.factories import make_run, make_session, make_turn
from tests.server import ROOT

pytestmark = pytest.mark.django_db

EVENTS = [Event(0, 0, RUN_STARTED, {"model": "m"}), *(Event(n, n, CHUNK, f"word{n} ", n * 9) for n in range(1, 9))]
READS = [Read(n, f"word{n} !!!".encode()) for n in range(1, 9)]


def recorded(days: int = 0, *, status: str = "completed", is_compact: bool = True, **fields: Any) -> Session:
    """A session of one run, last used `days` ago."""
    then = timezone.now() - timedelta(days=days)
    session = make_session(updated_at=then, **fields)
    run = make_run(make_turn(session), status=status, ended_at=then if status == "completed" else None, text="words")
    if is_compact:
        Segment.objects.bulk_create(pack_compact(run.pk, [(EVENTS, READS)]))
    else:
        store.insert_segments([(run.pk, EVENTS, READS)])
    return session


def prune(**policy: Any) -> retention.Pruned:
    pruning = Pruning(Policy(**policy))
    while pruning.step():
        pass
    return pruning.pruned


def left() -> set[Session]:
    return set(Session.objects.all())


def run_of(session: Session) -> Run:
    return Run.objects.get(turn__session=session)


def raw_is_kept(session: Session) -> bool:
    return bool(store.load_reads(run_of(session).pk))


def test_raw_bytes_go_by_age_and_the_recording_stays() -> None:
    old, new = recorded(40), recorded(20)
    before = recorded_bytes()
    pruned = prune(raw_older_than=timedelta(days=30))
    assert (pruned.raw_runs, pruned.sessions) == (1, 0)
    assert pruned.raw_bytes == before - recorded_bytes() > 0
    assert not raw_is_kept(old)
    assert raw_is_kept(new)
    assert store.load_events(run_of(old).pk) == EVENTS
    assert run_of(old).raw_pruned_at is not None
    assert run_of(new).raw_pruned_at is None
    assert prune(raw_older_than=timedelta(days=30)) == retention.Pruned()


def test_sessions_go_by_age_with_all_they_hold() -> None:
    gone, kept = recorded(100), recorded(10)
    assert prune(older_than=timedelta(days=90)).sessions == 1
    assert left() == {kept}
    assert not Segment.objects.exclude(run__turn__session=kept).exists()
    assert gone.pk not in set(Run.objects.values_list("turn__session", flat=True))


@pytest.mark.parametrize("policy", [{"older_than": timedelta(days=30)}, {"max_bytes": 0}])
def test_what_is_pinned_shared_or_live_stays(policy: dict[str, Any]) -> None:
    pinned, live, shared, revoked = (
        recorded(100, pinned=True),
        recorded(100, status="streaming"),
        recorded(100),
        recorded(100),
    )
    for session, digest in ((shared, "a"), (revoked, "b")):
        ShareLink.objects.create(
            workspace=session.workspace, session=session, created_by=session.owner, digest=digest, expires_at=None
        )
    ShareLink.objects.filter(session=revoked).update(revoked_at=timezone.now())
    assert prune(**policy).sessions == 1
    assert left() == {pinned, live, shared}
    assert raw_is_kept(pinned)
    assert raw_is_kept(shared)
    assert prune(**policy, even=frozenset({"pinned", "shared"})).sessions == 2
    assert left() == {live}


def test_a_run_that_is_not_compact_yet_keeps_its_raw_bytes_for_now() -> None:
    """Compaction may have read them, and would put them back."""
    session = recorded(40, is_compact=False)
    assert prune(raw_older_than=timedelta(days=30)).raw_runs == 0
    assert raw_is_kept(session)


def test_what_is_too_much_goes_oldest_first_and_raw_bytes_before_sessions() -> None:
    oldest, middle, newest = recorded(30), recorded(20), recorded(10)
    assert prune(max_bytes=recorded_bytes()) == retention.Pruned()
    assert prune(max_bytes=recorded_bytes() - 1).raw_runs == 1
    assert [raw_is_kept(session) for session in (oldest, middle, newest)] == [False, True, True]
    raw = sum(len(segment.reads) for segment in Segment.objects.all())
    pruned = prune(max_bytes=recorded_bytes() - raw - 1)  # all raw bytes are not enough
    assert (pruned.raw_runs, pruned.sessions) == (2, 1)
    assert left() == {middle, newest}
    prune(max_bytes=0)
    assert not left()


def test_a_workspace_is_pruned_alone() -> None:
    mine, other = recorded(100), recorded(100)
    Session.objects.filter(pk=other.pk).update(workspace=make_workspace("Other"))
    other.refresh_from_db()
    assert prune(older_than=timedelta(days=90), workspace=other.workspace).sessions == 1
    assert left() == {mine}
    assert prune(max_bytes=0, workspace=other.workspace) == retention.Pruned()


def test_the_audit_log_tells_of_it_once_for_each_workspace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "SESSIONS_AT_ONCE", 2)
    for _ in range(5):
        recorded(100)
    pruned = prune(older_than=timedelta(days=90), raw_older_than=timedelta(days=90))
    entry = AuditEntry.objects.get(action="session.prune")
    assert (entry.details["sessions"], entry.details["raw_bytes_of"]) == (5, 5)
    assert entry.details["freed"] == pruned.raw_bytes + pruned.bytes
    assert entry.actor is None


def test_ended_in_the_middle_it_leaves_whole_steps_and_the_next_one_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "SESSIONS_AT_ONCE", 2)
    for _ in range(5):
        recorded(100)
    pruning = Pruning(Policy(older_than=timedelta(days=90)))
    assert pruning.step()
    assert len(left()) == 3
    assert Run.objects.count() == Segment.objects.count() == 3
    assert AuditEntry.objects.get(action="session.prune").details["sessions"] == 2
    assert prune(older_than=timedelta(days=90)).sessions == 3


def test_a_dry_run_says_what_would_go_and_changes_nothing() -> None:
    for days in (100, 50, 10):
        recorded(days)
    policy = Policy(older_than=timedelta(days=90), raw_older_than=timedelta(days=30))
    dry = Pruning(policy, dry_run=True)
    while dry.step():
        pass
    assert (len(left()), Segment.objects.filter(reads=b"").count()) == (3, 0)
    assert not AuditEntry.objects.filter(action="session.prune").exists()
    wet = Pruning(policy)
    while wet.step():
        pass
    assert dry.pruned == wet.pruned


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "policy", [{"older_than": timedelta(days=30)}, {"raw_older_than": timedelta(days=30)}, {"max_bytes": 0}]
)
def test_a_dry_run_keeps_no_one_from_writing(policy: dict[str, Any]) -> None:
    recorded(100)
    dry = Pruning(Policy(**policy), dry_run=True)
    with CaptureQueriesContext(connection) as queries:
        while dry.step():
            pass
    assert dry.pruned.sessions or dry.pruned.raw_runs
    assert {one["sql"].split()[0] for one in queries} == {"SELECT"}
    assert not [one for one in queries if "FOR UPDATE" in one["sql"]]


def test_a_step_saves_only_the_entries_that_it_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "SESSIONS_AT_ONCE", 1)
    oldest, *_ = (recorded(days) for days in (101, 100, 99))
    Session.objects.filter(pk=oldest.pk).update(workspace=make_workspace("Other"))
    with CaptureQueriesContext(connection) as queries:
        assert prune(older_than=timedelta(days=90)).sessions == 3
    saved = [one for one in queries if one["sql"].startswith('UPDATE "workspaces_auditentry"')]
    assert len(saved) == 3


def test_runs_that_have_no_raw_bytes_are_passed_over_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "RUNS_AT_ONCE", 1)
    for _ in range(5):
        Segment.objects.filter(run=run_of(recorded(40))).update(reads=b"")
    pruning = Pruning(Policy(raw_older_than=timedelta(days=30)))
    with CaptureQueriesContext(connection) as queries:
        assert not pruning.step()
    assert len(queries) == 1


def prune_command(*arguments: str) -> str:
    out = io.StringIO()
    call_command("prune", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_says_what_it_did() -> None:
    recorded(100)
    assert "It would remove: raw bytes of 0 runs (0 B), 1 sessions" in prune_command("--older-than", "90d", "--dry-run")
    said = prune_command("--older-than", "90d")
    assert "Removed: raw bytes of 0 runs (0 B), 1 sessions" in said
    assert "The recordings take 0 B now." in said
    assert "The database" in said
    assert not left()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Say what may go"),
        (["--older-than", "soon"], "is no age"),
        (["--max-size", "20 parsecs"], "is no size"),
        (["--older-than", "90d", "--workspace", "nowhere"], "There is no workspace “nowhere”; there are default"),
    ],
)
def test_the_command_says_what_it_does_not_understand(arguments: list[str], message: str) -> None:
    make_session()
    with pytest.raises(CommandError, match=message):
        prune_command(*arguments)


def test_ages_and_sizes_are_read() -> None:
    assert [age(text) for text in ("36h", "90d", "2W")] == [timedelta(hours=36), timedelta(90), timedelta(14)]
    assert [bytes_of(text) for text in ("12", "5kB", "20GB", "1.5GiB", "2 t")] == [
        12,
        5_000,
        20 * 10**9,
        3 * 2**29,
        2 * 10**12,
    ]


def test_the_page_says_since_when_the_bytes_are_gone(client: Client) -> None:
    session = recorded(40)
    prune(raw_older_than=timedelta(days=30))
    client.force_login(session.owner)
    run = run_of(session)
    assert "The raw bytes were pruned on" in client.get(f"/runs/{run.pk}/?view=bytes").content.decode()
    assert "word3" in client.get(f"/runs/{run.pk}/?view=tokens").content.decode()
    assert "were pruned on" in client.get(f"/runs/{run.pk}/mock/").content.decode()
    refused = client.post(f"/runs/{run.pk}/export/recording/", {"format": "raw"})
    assert refused.status_code == 409


@pytest.mark.django_db(transaction=True)
async def test_the_settings_ask_for_it_each_day(settings: Any) -> None:
    from asgiref.sync import sync_to_async

    async with DatabaseThreads(1, "test") as threads:
        old, older = await threads.call(recorded, 40), await threads.call(recorded, 100)
        await prune_old(threads)
        assert await sync_to_async(left)() == {old, older}
        settings.PLAYGROUND_KEEP_RAW_DAYS, settings.PLAYGROUND_KEEP_DAYS = 30, 90
        await prune_old(threads)
        assert await sync_to_async(left)() == {old}
        assert not await sync_to_async(raw_is_kept)(old)


def test_a_database_without_tables_is_told_in_one_sentence(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "prune", "--older-than", "90d"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "CommandError: The database has no tables yet: run “.venv/bin/python manage.py migrate” first."
    ]
