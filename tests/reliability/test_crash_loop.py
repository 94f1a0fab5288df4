"""`kill -9` of a real server at random moments: what viewers were shown is there after the restart."""

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from tests.reliability.sizes import say, seeded, size
from tests.reliability.stalls import Stalls
from tests.reliability.watching import Watcher, text_of
from tests.server import Client, Follower, Server
from tests.services import own_database

DURABLE_AFTER_S = 0.25
ENDED_WITHIN_S = 10.0
FINAL = {"completed", "cancelled", "truncated", "filtered", "failed", "interrupted"}
MODELS = ("sim/sim-n4000-r40-d0", "sim/sim-n4000-r400-d0", "sim/sim-n30-r60-d0", "sim/sim-n150-r150-d50")


@dataclass
class Round:
    """What was going on when the server was killed. `stalled_s`: how late the machine was just before, at most."""

    watchers: list[Watcher]
    killed_at: float
    stalled_s: float
    retried: dict[str, Any]
    lost_ages_s: list[float] = field(default_factory=list)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """A migrated server that is not started yet."""
    with contextlib.ExitStack() as stack:
        environment = {}
        if request.param == "postgresql":
            environment["DATABASE_URL"] = stack.enter_context(own_database())
        server = Server(tmp_path / request.param, **environment)
        server.manage("migrate", "-v0")
        stack.callback(server.kill)
        yield server


def test_nothing_that_was_shown_is_lost(server: Server) -> None:
    is_sqlite = "DATABASE_URL" not in server.environment
    name = "crash loop on SQLite" if is_sqlite else "crash loop on PostgreSQL"
    random = seeded(name)
    rounds = size(5, 75) if is_sqlite else size(2, 25)
    client: Client | None = None
    statuses: dict[str, int] = {}
    lost: list[float] = []
    stalls: list[float] = []
    ended_after: list[float] = []
    shown = 0
    server.start()
    for _ in range(rounds):
        client = client or Client(server)
        played = _play(server, client, random)
        restarted = time.monotonic()
        server.start()
        ended_after.append(_until_all_ended(client, played) - restarted)
        _check(client, played, statuses)
        if is_sqlite:
            _check_file(server)
        lost += played.lost_ages_s
        stalls.append(played.stalled_s)
        shown += sum(len(watcher.shown) for watcher in played.watchers)
    assert client is not None
    client.close()
    assert "Traceback" not in "".join(server.output)
    say(name, f"{rounds} kills, {rounds * len(MODELS)} runs, {shown} events shown; statuses {statuses}")
    say(name, f"all runs ended within {max(ended_after):.1f} s of the restart")
    say(name, f"the machine was late by {1000 * max(stalls):.0f} ms at most just before a kill")
    oldest = sorted(lost)
    if oldest:
        say(
            name,
            f"{len(oldest)} runs lost a tail; its first event had been shown {1000 * oldest[len(oldest) // 2]:.0f} ms "
            f"before the kill in the median, {1000 * oldest[-1]:.0f} ms at most",
        )


def _play(server: Server, client: Client, random: Random) -> Round:
    """Let runs stream before viewers, and kill the server at a random moment."""
    watchers = [Watcher(client, client.post_run(model)["id"]) for model in MODELS]
    watchers[0].until(3)
    retried = _post_with_key(client, key := f"{random.random()}")
    with Stalls() as stalls:
        time.sleep(random.uniform(0, 1.5))  # the moment is the test
        killed_at = time.monotonic()
        server.kill()
    for watcher in watchers:
        watcher.join()
        assert not watcher.faults, watcher.faults
    stalled_s = stalls.longest(killed_at - 2 * DURABLE_AFTER_S, killed_at)
    return Round(watchers, killed_at, stalled_s, {**retried, "key": key})


def _post_with_key(client: Client, key: str) -> dict[str, Any]:
    body = {"model": "sim/sim-n4000-r20-d0", "prompt": f"Hello {key}"}
    answer = client.http.post("/runs", json=body, headers={"Idempotency-Key": key})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def _until_all_ended(client: Client, played: Round) -> float:
    wanted = [watcher.run_id for watcher in played.watchers] + [played.retried["id"]]
    began = time.monotonic()
    while left := [run_id for run_id in wanted if client.run(run_id)["status"] not in FINAL]:
        assert time.monotonic() - began < ENDED_WITHIN_S, f"{len(left)} runs still live"
        time.sleep(0.1)
    return time.monotonic()


def _check(client: Client, played: Round, statuses: dict[str, int]) -> None:
    for watcher in played.watchers:
        body = client.run(watcher.run_id)
        statuses[body["status"]] = statuses.get(body["status"], 0) + 1
        stored = client.events(watcher.run_id)
        assert [event["seq"] for event in stored] == list(range(len(stored)))
        assert stored[-1]["kind"] == "run.ended"
        assert stored[-1]["data"]["status"] == body["status"]
        kept = [[event["t"], event["kind"], event["data"]] for event in stored]
        assert body["text"] == text_of(kept)
        if watcher.ended:
            assert (watcher.ended, watcher.text) == (body["status"], body["text"])
            assert [event for _, event in watcher.shown] == kept
        elif body["status"] == "interrupted":
            _compare(watcher, kept, played)
            _resume(client, watcher, body["text"])
        else:  # its end was stored, and not shown any more
            assert body["status"] == "completed"
            assert [event for _, event in watcher.shown] == kept[: len(watcher.shown)]
    again = _post_with_key(client, played.retried["key"])
    assert again["id"] == played.retried["id"]


def _compare(watcher: Watcher, kept: list[list[Any]], played: Round) -> None:
    """What was shown is there, but for a tail that was shown just before the kill: as late as the machine was."""
    before_the_end = len(kept) - 1
    for seq, (moment, event) in enumerate(watcher.shown):
        if seq >= before_the_end:
            age = played.killed_at - moment
            late = f"the machine was late by {1000 * played.stalled_s:.0f} ms"
            told = f"event {seq} was shown {age:.3f} s before the kill, and is lost; {late}"
            assert age < DURABLE_AFTER_S + played.stalled_s, told
            played.lost_ages_s.append(age)
            return
        assert kept[seq] == event


def _resume(client: Client, watcher: Watcher, text: str) -> None:
    """Who comes back with the position of before is told to begin anew."""
    with client.socket() as socket:
        again = Follower(socket, watcher.run_id, len(watcher.shown) - 1, watcher.epoch)
        again.finish()
    assert again.subscribed["recovered"] is False
    assert again.text == text


def _check_file(server: Server) -> None:
    file = server.data_dir / "playground.sqlite3"
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        live = database.execute("SELECT count(*) FROM runs_run WHERE status IN ('queued', 'streaming')").fetchone()
        assert live == (0,)
    assert httpx.get(f"{server.base_url}/readyz").status_code == 200
