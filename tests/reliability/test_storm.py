"""Centrifugo's recovery storm: viewers are cut at random moments, and each holds all of its run in the end."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from tests.reliability.sizes import say, seeded, size
from tests.reliability.viewers import CutViewer, digest
from tests.server import Client, Server, running_server

NAME = "storm"
RUNS = size(6, 100)
VIEWERS = 3  # of each run
CUTS = size(30, 1000)  # of each viewer
FAULTS = ("lost", "doubled", "differing", "unserved")
PROMPTS = ("Write a verse about sparkling water.", "用中文写一首关于气泡水的诗。", "Écris un vers 🥤 sur l'eau.")
PACES = tuple(f"-n{n}-r{rate}" for n, rate in ((size(150, 500), size(15, 1)), (size(400, 1000), size(40, 2))))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    limits = {"PLAYGROUND_MAX_RUNS": "250", "PLAYGROUND_MAX_RUNS_PER_USER": "250"}
    with running_server(tmp_path / "data", **limits) as server:
        yield server


def start_runs(client: Client, chance: random.Random) -> list[str]:
    """As many as RUNS, in several languages and at several paces, one of them as fast as it can."""
    runs = []
    for number in range(RUNS):
        text = chance.choice(("en", "zh", "mixed"))
        pace = chance.choice(PACES) if number else f"-n{size(2000, 5000)}-r0"
        runs.append(client.post_run(f"sim/sim-{text}{pace}-d50", chance.choice(PROMPTS))["id"])
    return runs


async def follow_all(viewers: list[CutViewer]) -> None:
    async with asyncio.TaskGroup() as tasks:
        for viewer in viewers:
            tasks.create_task(viewer.follow(), name=f"viewer of {viewer.run}")


def test_whatever_connections_break_nothing_is_lost_doubled_or_out_of_order(server: Server) -> None:
    chance = seeded(NAME)
    client = Client(server)
    runs = start_runs(client, chance)
    viewers = [
        CutViewer(server, client.headers, run, random.Random(chance.random()), CUTS)
        for run in runs
        for _ in range(VIEWERS)
    ]
    began = monotonic()
    asyncio.run(follow_all(viewers))
    took = monotonic() - began

    logs = {run: [[e["t"], e["kind"], e["data"]] for e in client.events(run)] for run in runs}
    client.close()
    made = sum((Counter(viewer.made) for viewer in viewers), Counter[str]())
    totals = {name: sum(getattr(viewer.copy, name) for viewer in viewers) for name in FAULTS}
    held = sum(len(viewer.copy.events) for viewer in viewers)
    say(NAME, f"{RUNS} runs x {VIEWERS} viewers x {CUTS} cuts each = {made.total()} cuts in {took:.0f} s: {dict(made)}")
    say(NAME, f"{held} events held in the end; {', '.join(f'{count} {name}' for name, count in totals.items())}")

    assert made.total() == RUNS * VIEWERS * CUTS
    assert totals == dict.fromkeys(totals, 0)
    for viewer in viewers:
        assert viewer.copy.events == logs[viewer.run]
        assert digest(viewer.copy.events) == digest(logs[viewer.run])
        assert viewer.copy.ended is not None
        assert viewer.copy.ended["status"] == "completed"
