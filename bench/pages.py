"""How long the server takes for the pages of the history, with 100,000 sessions in the database.

`python -m bench.pages` fills a database (SQLite in `--data`, else a temporary folder; with DATABASE_URL, an empty one
there; what is full already is used as it is), asks for each page several times, and fails if the p95 of any is
over the limit. Run it with and without DATABASE_URL for both databases. On a busy machine look at the processor's time:
on SQLite, all of the work is in it.
"""

import argparse
import gc
import math
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

LIMIT_MS = 50
BATCH = 2_000
MODELS = ("openai/gpt-large", "openai/gpt-small", "local/smollm2-135m", "lab/qwen", "lab/llama")
WORDS = ("time", "stream", "token", "model", "river", "mountain", "window", "paper", "北京", "首都", "café", "light")
LISTS = (
    "",
    "scope=workspace",
    "scope=deleted",
    "q=river+mountain",
    "q=needle",
    "q=nowhere-at-all",
    "q=river+needle",
    "q=北京",
    "q=zz",
    "scope=workspace&q=needle",
    "model=openai/gpt-large",
    "model=rare/model",
    "model=not/used",
    "status=completed",
    "status=filtered",
    "status=failed&model=lab/qwen",
    "has_errors=on",
    "has_notices=on",
    "has_comments=on",
    "tag=common",
    "tag=rare",
    "rating=up",
    "rating=none",
    "rating=any-5",
    "review=waiting",
    "ttft_min=100",
    "ttft_min=9000",
    "ttft_max=1",
    "rate_min=10&rate_max=20",
    "scope=workspace&author=ada",
    "scope=workspace&author=ada&status=completed&rating=none",
    "scope=workspace&tag=common&has_notices=on&status=failed",
    "since=2020-01-01&until=2020-02-01",
)


class Measured(NamedTuple):
    """`p50` and `p95` are on the clock, `cpu` is the median of the process's own time, all in ms."""

    page: str
    p50: float
    p95: float
    cpu: float
    queries: int


def main() -> int:
    options = _options()
    if "DATABASE_URL" not in os.environ:
        os.environ["DATA_DIR"] = options.data or tempfile.mkdtemp(prefix="bench-pages-")
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"  # static files need no manifest there
    import django  # after the environment is set

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from playground.runs.models import Session

    if not Session.objects.exists():
        began = time.perf_counter()
        fill(options.sessions)
        print(f"{options.sessions:,} sessions made in {time.perf_counter() - began:.0f} s")
    slow = []
    every = list(measure(options.repeats))
    for page, p50, p95, cpu, queries in every:
        print(f"p50 {p50:6.1f}  p95 {p95:6.1f}  cpu {cpu:6.1f} ms  {queries:3} queries  {page}", flush=True)
        if p95 > LIMIT_MS:
            slow.append(page)
    print(f"p95 over {LIMIT_MS} ms: {', '.join(slow) or 'none'}")
    print(
        f"all of them: p95 at most {max(m.p95 for m in every):.0f} ms, cpu at most {max(m.cpu for m in every):.0f} ms"
    )
    return 1 if slow else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description=__doc__)
    parser.add_argument("--sessions", type=int, default=100_000)
    parser.add_argument("--data", help="a folder to keep the database in")
    parser.add_argument("--repeats", type=int, default=20)
    return parser.parse_args()


def fill(count: int) -> None:
    """Nine of ten sessions are owner's; of the other members' each second is the workspace's."""
    from django.db import connection

    from playground.accounts.models import User
    from playground.review.models import Tag
    from playground.workspaces.models import Membership, Workspace

    workspace = Workspace.objects.default()
    people = [User.objects.create_user(name) for name in ("owner", "ada", "grace")]
    for person in people:
        Membership.objects.create(workspace=workspace, user=person, role="owner" if person is people[0] else "editor")
    tags = [Tag.objects.create(workspace=workspace, name=name) for name in ("common", "rare")]
    chance = random.Random(7)
    for start in range(0, count, BATCH):
        _fill_batch(range(start, min(start + BATCH, count)), workspace, people, tags, chance)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE" if connection.vendor == "postgresql" else "PRAGMA optimize")


def _fill_batch(numbers: range, workspace: Any, people: list[Any], tags: list[Any], chance: random.Random) -> None:
    from django.db import transaction
    from django.utils import timezone

    from playground.review.models import Comment, Rating, Review, SessionTag, Thread
    from playground.runs.models import Run, Session, Turn

    now = timezone.now()
    sessions, turns, runs = [], [], []
    rows: dict[Any, list[Any]] = {SessionTag: [], Rating: [], Review: [], Thread: []}
    for number in numbers:
        owner = people[0] if number % 10 else people[1 + number // 10 % 2]
        session = Session(
            workspace=workspace,
            owner=owner,
            title=f"Session {number} about {chance.choice(WORDS)}",
            pinned=number % 20_000 == 1,
            visibility="workspace" if number % 3 == 0 else "private",
            updated_at=now - timedelta(minutes=7 * number),
            deleted_at=now - timedelta(days=1) if number % 500 == 7 else None,
        )
        turn = Turn(session=session, position=0, prompt=_text(chance, 20))
        sessions.append(session)
        turns.append(turn)
        runs += [_run(turn, number, lane, chance) for lane in range(1 + number % 2)]
        if number % 2:
            rows[SessionTag].append(SessionTag(session=session, tag=tags[0]))
        if number % 9_000 == 5:
            rows[SessionTag].append(SessionTag(session=session, tag=tags[1]))
            rows[Review].append(Review(session=session, requested_by=owner, requested_at=now))
        if number % 4 == 0:
            rows[Rating].append(Rating(run=runs[-1], user=owner, value=1))
        if number % 100 == 0:
            rows[Thread].append(Thread(session=session, anchor="session", created_by=owner))
    with transaction.atomic():
        for model, made in ((Session, sessions), (Turn, turns), (Run, runs), *rows.items()):
            model.objects.bulk_create(made, batch_size=500)
        Comment.objects.bulk_create(
            Comment(thread=thread, author=thread.created_by, body="Look here.") for thread in rows[Thread]
        )


def _run(turn: Any, number: int, lane: int, chance: random.Random) -> Any:
    from playground.runs.models import Run

    status = "failed" if number % 20 == 0 else "filtered" if number % 30_000 == 11 else "completed"
    needle = " needle" if number % 12_000 == 3 else ""
    return Run(
        turn=turn,
        lane=lane,
        model_id="rare/model" if number % 15_000 == 2 else MODELS[number % 5],
        messages=[],
        status=status,
        text=_text(chance, 40) + needle,
        ttft_ms=9_500 if number % 25_000 == 3 else chance.uniform(50, 900),
        tokens_per_s=chance.uniform(20, 200),
        has_notices=number % 17 == 0,
        last_seq=10,
    )


def _text(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(WORDS, k=words)) + f" {chance.randrange(10**6)}"


def measure(repeats: int) -> Iterator[Measured]:
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from playground.accounts.models import User
    from playground.runs.models import Run, Session

    settings.ALLOWED_HOSTS = ["*"]
    client = Client()
    client.force_login(User.objects.get(username="owner"))
    session = Session.objects.filter(owner__username="owner", deleted_at=None).order_by("-updated_at")[0]
    run = Run.objects.filter(turn__session=session)[0]
    htmx = {"HX-Request": "true"}
    pages: list[tuple[str, dict[str, str]]] = [(f"/sessions/?{query}", {}) for query in LISTS]
    pages += [("/sessions/sidebar/", htmx), ("/sessions/sidebar/?q=river", htmx), ("/", {})]
    pages += [(f"/sessions/{session.pk}/", {}), (f"/runs/{run.pk}/", {}), (f"/runs/{run.pk}/?view=tokens", {})]
    gc.collect()
    gc.freeze()  # as `manage.py serve` does when it starts
    for page, headers in pages:
        client.get(page, headers=headers)
        times, busy = [], []
        for _ in range(repeats):
            began, used = time.perf_counter(), time.process_time()
            response = client.get(page, headers=headers)
            times.append((time.perf_counter() - began) * 1000)
            busy.append((time.process_time() - used) * 1000)
            if response.status_code != 200:
                raise SystemExit(f"{page} answers {response.status_code}")
        with CaptureQueriesContext(connection) as captured:
            client.get(page, headers=headers)
        p95 = sorted(times)[math.ceil(0.95 * len(times)) - 1]
        yield Measured(page, statistics.median(times), p95, statistics.median(busy), len(captured))


if __name__ == "__main__":
    sys.exit(main())
