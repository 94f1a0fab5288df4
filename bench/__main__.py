"""Measures the playground, which records everything, against a bare relay, which records nothing.

Rows: `raw`, the upstream and the load alone; `httpx`, the upstream read by httpx with no server between; `relay`,
Daphne, Channels and httpx as their manuals say; `relay-aiohttp`, the same through httpx-aiohttp; `playground`; then, as
an OpenAI client asks, `pass-through`, Daphne and httpx with nothing else, and the playground's `gateway`. All read the
same upstream at the same pace, in turn. CPU per token falls with the load: compare only rows of equal streams.
"""

import argparse
import asyncio
import contextlib
import json
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import psutil

from bench.measure import Load, Row, measure
from bench.processes import PRIORITY, ROOT, Subject, pass_through, prefer, product, relay, upstream
from bench.profiling import Profile
from bench.report import print_goals, print_table
from bench.upstream import Pace

SUBJECTS = ("raw", "httpx", "relay", "relay-aiohttp", "playground", "pass-through", "gateway")
ONCE = ("raw", "httpx", "relay-aiohttp")  # for orientation: one repeat of these is enough
PACKAGES = ("Django", "channels", "daphne", "httpx", "httpx-aiohttp", "aiohttp", "uvloop")
RESULTS = ROOT / "bench" / "results"


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--streams", default="1,20,50,100,200", help="how many at once, as a list (%(default)s)")
    parser.add_argument("--seconds", type=float, default=10, help="length of each stream (%(default)s)")
    parser.add_argument("--rate", type=int, default=50, help="tokens a second of each stream (%(default)s)")
    parser.add_argument("--spread", type=float, default=1, help="seconds in which all streams begin (%(default)s)")
    parser.add_argument("--repeats", type=int, default=3, help="of all but the rows for orientation (%(default)s)")
    parser.add_argument("--subject", action="append", choices=SUBJECTS, help="measure this one only; may be repeated")
    parser.add_argument("--profile", action="store_true", help="profile the playground with py-spy, if it is installed")
    parser.add_argument("--output", type=Path, default=RESULTS / "latest.json", help="where the rows go, as JSON")
    options = parser.parse_args(arguments)
    if options.profile and not shutil.which("py-spy"):
        parser.error("--profile needs py-spy: .venv/bin/pip install py-spy")
    return options


@contextlib.contextmanager
def start(names: list[str], upstream_url: str, folder: Path) -> Iterator[list[Subject]]:
    """The subjects, each running until the end: idle ones cost nothing, and memory shows what stays."""
    with contextlib.ExitStack() as stack:
        subjects = []
        for name in names:
            if name in ("playground", "gateway"):
                subjects.append(stack.enter_context(product(name, upstream_url, folder)))
            elif name == "pass-through":
                subjects.append(stack.enter_context(pass_through(upstream_url, folder)))
            elif name.startswith("relay"):
                transport = name.removeprefix("relay").removeprefix("-")
                subjects.append(stack.enter_context(relay(name, upstream_url, folder, transport)))
            else:
                subjects.append(
                    Subject(name, name, upstream_url.removesuffix("/v1") if name == "raw" else upstream_url)
                )
        yield subjects


async def measure_all(options: argparse.Namespace, folder: Path) -> list[Row]:
    pace = Pace(round(options.seconds * options.rate), options.rate, 100)
    rows: list[Row] = []
    with (
        upstream(folder) as (upstream_url, upstream_process),
        start(options.subject or list(SUBJECTS), upstream_url, folder) as subjects,
    ):
        await warm_up(subjects, upstream_process)
        for streams in (int(number) for number in options.streams.split(",")):
            for repeat in range(options.repeats):
                for subject in subjects:
                    if repeat == 0 or subject.name not in ONCE:
                        load = Load(streams, pace, options.spread)
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
        f"  {row.streams:>3} × {row.subject:<13} {row.cpu_us:7.0f} µs/token   added p50 {row['added_p50']:.1f}, "
        f"p99 {row['added_p99']:.1f} ms",
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
        "repeats": options.repeats,
    }


def main() -> int:
    options = parse()
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
    return 0 if print_goals(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
