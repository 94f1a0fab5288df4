"""How long the pages of a run of a million tokens take, beside those of a small run.

`python -m bench.long_run` makes both in a database of its own (SQLite in `--data`, else a temporary folder; with
DATABASE_URL, there), asks for each view several times, and prints medians and the memory of the process.
The limit is on the processor's time: what is waited for on a busy machine says nothing of the page.
"""

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import psutil

VIEWS: Final = ("answer", "tokens", "characters", "timeline", "events", "bytes")
LIMIT_MS: Final = 150
RATIO: Final = 1.5
WORDS: Final = ("time", " stream", " token", " model", " river", "\n\n", " mountain", " window", ",", " paper", ".")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.long_run", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--data", help="a folder to keep the database in")
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    if "DATABASE_URL" not in os.environ:
        os.environ["DATA_DIR"] = options.data or tempfile.mkdtemp(prefix="bench-long-")
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django  # after the environment is set

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    small, long = (make(count) for count in (200, options.events))
    slow = False
    for name, ours, theirs in compare(small, long, options.repeats):
        is_slow = ours.cpu > LIMIT_MS and ours.cpu > RATIO * theirs.cpu
        slow = slow or is_slow
        print(
            f"{name:28} {ours.ms:7.1f} ms (cpu {ours.cpu:6.1f}, {ours.size / 1024:5.0f} KiB)   "
            f"small run {theirs.ms:7.1f} ms (cpu {theirs.cpu:6.1f}){'   SLOW' if is_slow else ''}",
            flush=True,
        )
    print(f"memory of the process: {psutil.Process().memory_info().rss / 2**20:.0f} MiB")
    return 1 if slow else 0


def make(count: int) -> Any:
    """A run of `count` events, recorded at 50 a second, that is kept for the next time."""
    from django.utils import timezone

    from playground.accounts.models import User
    from playground.runs.compaction import pack_compact
    from playground.runs.models import Run, Session, Turn
    from playground.workspaces.models import Membership, Workspace

    title = f"A run of {count} events"
    known = Run.objects.filter(turn__session__title=title).first()
    if known is not None:
        return known
    workspace = Workspace.objects.default()
    owner, is_new = User.objects.get_or_create(username="long-runs")
    if is_new:
        Membership.objects.create(workspace=workspace, user=owner, role="owner")
    session = Session.objects.create(workspace=workspace, owner=owner, title=title, updated_at=timezone.now())
    run = Run.objects.create(
        turn=Turn.objects.create(session=session, position=0, prompt="Write."),
        model_id="lab/long",
        messages=[{"role": "user", "content": "Write."}],
        status="completed",
        last_seq=count - 1,
        started_at=timezone.now(),
        ended_at=timezone.now(),
    )
    before = psutil.Process().memory_info().rss
    for segment in pack_compact(run.pk, recorded(count)):
        segment.save(force_insert=True)
    more = (psutil.Process().memory_info().rss - before) / 2**20
    chance = random.Random(count)
    text = "".join(chance.choice(WORDS) for _ in range(count))
    metrics = {"chunks": count - 4, "ttft_ms": 20.0, "tokens_per_s": 50.0, "gap_p50_ms": 20.0, "gap_p99_ms": 24.0}
    Run.objects.filter(pk=run.pk).update(text=text, metrics={**metrics, "duration_ms": count * 20.0, "attempts": 1})
    print(f"{title}: packed with {more:.0f} MiB more of memory")
    return run


def recorded(count: int) -> Iterator[tuple[list[Any], list[Any]]]:
    """Events and reads of a run, a thousand at a time."""
    from playground.recording.events import ATTEMPT_STARTED, CHUNK, FIRST_BYTE, RUN_ENDED, RUN_STARTED, Event
    from playground.recording.log import Read

    chance = random.Random(count)
    head: list[tuple[str, dict[str, Any]]] = [(RUN_STARTED, {"model": "lab/long"})]
    head += [(ATTEMPT_STARTED, {"attempt": 1}), (FIRST_BYTE, {"attempt": 1})]
    t = offset = 0
    for start in range(0, count, 1000):
        events, reads = [], []
        for seq in range(start, min(start + 1000, count)):
            t += 20_000 + int(chance.gauss(0, 1_500))
            if seq < len(head):
                events.append(Event(seq, t, *head[seq]))
            elif seq == count - 1:
                events.append(Event(seq, t, RUN_ENDED, {"status": "completed", "finish_reason": "stop", "error": None}))
            else:
                word = chance.choice(WORDS)
                raw = b'data: {"choices":[{"index":0,"delta":{"content":"%s"}}]}\n\n' % word.encode("unicode_escape")
                offset += len(raw)
                events.append(Event(seq, t, CHUNK, word, offset))
                reads.append(Read(t, raw))
        yield events, reads


class Asked(NamedTuple):
    """Medians in ms: on the clock, and of the process's own time, which no other adds to; `size` of the page."""

    ms: float
    cpu: float
    size: int


def compare(small: Any, long: Any, repeats: int) -> Iterator[tuple[str, Asked, Asked]]:
    from django.conf import settings
    from django.test import Client

    settings.ALLOWED_HOSTS = ["*"]
    client = Client()
    client.force_login(small.turn.session.owner)
    pages = [(f"run page, {view}", f"/runs/{{run}}/?view={view}") for view in VIEWS]
    pages += [(f"{view}, in the middle", f"/runs/{{run}}/?view={view}&seq={{middle}}") for view in VIEWS]
    pages += [("session page", "/sessions/{session}/"), ("replay", "/runs/{run}/replay/")]
    for name, address in pages:
        ours, theirs = (_asked(client, address, run, repeats) for run in (long, small))
        yield name, ours, theirs


def _asked(client: Any, address: str, run: Any, repeats: int) -> Asked:
    page = address.format(run=run.pk, session=run.turn.session_id, middle=(run.last_seq + 1) // 2)
    times, busy, size = [], [], 0
    for _ in range(repeats + 1):
        began, used = time.perf_counter(), time.process_time()
        response = client.get(page)
        busy.append((time.process_time() - used) * 1000)
        times.append((time.perf_counter() - began) * 1000)
        size = len(response.content)
        if response.status_code != 200:
            raise SystemExit(f"{page} answers {response.status_code}")
    return Asked(statistics.median(times[1:]), statistics.median(busy[1:]), size)


if __name__ == "__main__":
    sys.exit(main())
