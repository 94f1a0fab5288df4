"""Measures the playground, which records everything, against bare relays, which record nothing.

Subjects: `raw`, the upstream and the load alone; `httpx`, the upstream read by httpx with no server between; `relay`,
Daphne, Channels and httpx as their manuals say (`-aiohttp`: through httpx-aiohttp; `-uvicorn`: under uvicorn); `hub`,
the relay with many viewers; `playground`; `over-redis`, two of it; then, as an OpenAI client asks, `pass-through`,
Daphne and httpx with nothing else, and the playground's `gateway`. All read one upstream at the same pace, in turn.
CPU per token falls with the load: compare only rows of equal streams.
"""

import argparse
import asyncio
import itertools
import json
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import psutil

from bench.measure import Load, Row, measure
from bench.plan import AFTERWARDS, PLAN, Command, Part, quick
from bench.processes import PRIORITY, ROOT, Subject, prefer, upstream
from bench.profiling import Profile
from bench.report import print_goals, print_table
from bench.subjects import NAMES, start
from bench.upstream import Pace

PACKAGES = ("Django", "channels", "daphne", "httpx", "httpx-aiohttp", "aiohttp", "uvloop")
RESULTS = ROOT / "bench" / "results"


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--part", action="append", choices=[part.name for part in PLAN], help="only this; repeatable")
    parser.add_argument("--quick", action="store_true", help="one round of 5 s, of what the goals are about")
    parser.add_argument("--streams", help="how many at once, as a list, in place of the parts")
    parser.add_argument("--viewers", default="1", help="with --streams: how many each stream has, as a list")
    parser.add_argument("--subject", action="append", choices=NAMES, help="with --streams: only this; repeatable")
    parser.add_argument("--repeats", type=int, help="rounds of each part (3 or less, as the part says)")
    parser.add_argument("--seconds", type=float, help="length of each stream (10)")
    parser.add_argument("--rate", type=int, default=50, help="tokens a second of each stream (%(default)s)")
    parser.add_argument("--spread", type=float, default=1, help="seconds in which all streams begin (%(default)s)")
    parser.add_argument("--profile", action="store_true", help="profile the subjects with py-spy, if it is installed")
    parser.add_argument("--output", type=Path, default=RESULTS / "latest.json", help="where the rows go, as JSON")
    options = parser.parse_args(arguments)
    options.seconds = options.seconds or (5 if options.quick else 10)
    if options.profile and not shutil.which("py-spy"):
        parser.error("--profile needs py-spy: .venv/bin/pip install py-spy")
    return options


def parts_of(options: argparse.Namespace) -> list[Part]:
    if options.streams:
        streams, viewers = ([int(n) for n in text.split(",")] for text in (options.streams, options.viewers))
        names = tuple(options.subject or ("relay", "playground"))
        parts = [Part("asked for", names, tuple(streams), tuple(viewers))]
    else:
        parts = [part for part in PLAN if options.part is None or part.name in options.part]
    if options.quick:
        parts = [quick(part) for part in parts]
    return [replace(part, repeats=options.repeats) for part in parts] if options.repeats else parts


async def measure_all(options: argparse.Namespace, folder: Path) -> list[Row]:
    rows: list[Row] = []
    with upstream(folder) as (upstream_url, upstream_process):
        for part in parts_of(options):
            print(f"{part.name}", file=sys.stderr)
            with start(list(part.subjects), upstream_url, folder) as subjects:
                await warm_up(subjects, upstream_process)
                rows += await measure_part(part, subjects, upstream_process, options)
    return rows


async def measure_part(
    part: Part, subjects: list[Subject], upstream_process: psutil.Process, options: argparse.Namespace
) -> list[Row]:
    pace = Pace(round(options.seconds * options.rate), options.rate, 100)
    rows = []
    for streams, viewers, repeat in itertools.product(part.streams, part.viewers, range(part.repeats)):
        load = Load(streams, pace, options.spread, viewers)
        for subject in subjects:
            if repeat == 0 or subject.name not in part.once:
                profile = profile_of(subject, streams) if options.profile else None
                rows.append(await measure(subject, upstream_process, load, repeat, profile))
                print_progress(rows[-1])
    return rows


def profile_of(subject: Subject, streams: int) -> Profile | None:
    return Profile(subject.process, RESULTS / f"{subject.name}-{streams}.profile") if subject.process else None


async def warm_up(subjects: list[Subject], upstream_process: psutil.Process) -> None:
    """One short stream each, not counted: the first request imports modules."""
    for subject in subjects:
        await measure(subject, upstream_process, Load(1, Pace(10, 50, 0), 0), 0)


def print_progress(row: Row) -> None:
    print(
        f"  {row.streams:>3} × {row.viewers:>3} {row.subject:<18} {row.cpu_us:7.0f} µs/token   "
        f"added p50 {row['added_p50']:.1f}, p99 {row['added_p99']:.1f} ms",
        file=sys.stderr,
    )


def conditions(options: argparse.Namespace) -> dict[str, object]:
    return {
        "when": time.strftime("%Y-%m-%d %H:%M", time.gmtime()) + " UTC",
        "machine": f"{psutil.cpu_count()} cores, {platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "load_average": [round(load, 2) for load in psutil.getloadavg()],
        "preferred": prefer(psutil.Process()),
        "seconds": options.seconds,
        "rate": options.rate,
        "spread": options.spread,
        "quick": options.quick,
    }


def main() -> int:
    options = parse()
    began = time.monotonic()
    about = conditions(options)
    print(
        f"{about['machine']}; load {about['load_average']}"
        + ("" if about["preferred"] else f"; not at nice {PRIORITY}")
    )
    RESULTS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-logs-") as folder:
        rows = asyncio.run(measure_all(options, Path(folder)))
    options.output.write_text(
        json.dumps({"conditions": about, "rows": [row.__dict__ for row in rows]}, indent=1), encoding="utf-8"
    )
    print_table(rows)
    met = print_goals(rows)
    if options.part is None and options.streams is None:
        for command in AFTERWARDS:
            met = measured_well(command, is_quick=options.quick) and met
    print(f"\nIt took {(time.monotonic() - began) / 60:.1f} minutes.")
    return 0 if met else 1


def measured_well(command: Command, *, is_quick: bool) -> bool:
    """Whether it ended in time, and met its goals."""
    print(f"\n{command.module}", flush=True)
    arguments = [sys.executable, "-m", command.module, *(command.quick if is_quick else ())]
    try:
        return subprocess.run(arguments, cwd=ROOT, timeout=command.within_s, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        print(f"  ✗ it took longer than {command.within_s:.0f} s, and was ended")
        return False


if __name__ == "__main__":
    sys.exit(main())
