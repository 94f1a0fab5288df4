"""`manage.py mock`: serve recordings as an upstream, without the app's server, until it is told to stop."""

import asyncio
import importlib.util
import re
import signal
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from playground.errors import Conflict
from playground.gateway.access import hold_recorded
from playground.gateway.recordings import recording_of
from playground.interchange.errors import NotARecording
from playground.interchange.stream_jsonl import load_runs
from playground.mock.answer import Recording
from playground.mock.errors import BadOption
from playground.mock.options import AS_RECORDED, MockOptions, with_faults, with_options
from playground.mock.server import MockServer
from playground.recording.session_file import RecordedRun
from playground.runs.models import Run


class Command(BaseCommand):
    help = (
        "Serve recordings as an upstream for tests, and print its base URL: with their recorded times, and with the "
        "faults that are asked for. See docs/mock.md. Needs no server of the app, and with --file no database."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--run", action="append", default=[], metavar="ID", help="a run to serve; can be repeated")
        parser.add_argument(
            "--file", action="append", default=[], type=Path, help="a .stream.jsonl file to serve; can be repeated"
        )
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
        parser.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
        parser.add_argument("--speed", help="how many times as fast as recorded; 0: as fast as can be (default: 1)")
        parser.add_argument("--seek", help="what lies before comes at once: seconds, or #K for chunk K")
        parser.add_argument("--loop", help="how often the chunks come, or true for as long as the client stays")
        parser.add_argument(
            "--fault",
            action="append",
            default=[],
            help="cut@K, stall@K:SECONDS, error@K, double@K, split@K, no-end, crlf, 429:RETRY_AFTER (or another "
            "status), fail:N; can be repeated",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        wish = _options(options)
        recordings = [_stored(name) for name in options["run"]]
        recordings += [recording for path in options["file"] for recording in _of_file(path)]
        if not recordings:
            raise CommandError("Name what to serve: --run ID or --file PATH.")
        run = asyncio.run
        if importlib.util.find_spec("uvloop") is not None:
            import uvloop  # not there on every platform

            run = uvloop.run
        try:
            run(_serve(MockServer(recordings, wish, host=options["host"], port=options["port"])))
        except (OSError, OverflowError) as error:  # a port beyond 65535 is the latter
            reason = getattr(error, "strerror", None) or error
            raise CommandError(f"Cannot listen on {options['host']} port {options['port']}: {reason}.") from None


async def _serve(server: MockServer) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with server:
        print(server.base_url, flush=True)
        await stop.wait()


def _options(given: dict[str, Any]) -> MockOptions:
    chosen = {name: given[name] for name in ("speed", "seek", "loop") if given[name] is not None}
    try:
        return with_faults(with_options(AS_RECORDED, chosen, lambda name: f"--{name}"), given["fault"], "--fault")
    except BadOption as problem:
        raise CommandError(f"{problem.field}: {problem.message}") from None


def _stored(name: str) -> Recording:
    try:
        run = Run.objects.select_related("turn").filter(pk=UUID(name)).first()
    except ValueError:
        run = None
    if run is None:
        raise CommandError(f"There is no run {name}: take its id from the address of its page.")
    try:
        hold_recorded(run)
    except Conflict as problem:
        raise CommandError(f"{name}: {problem.message}") from None
    return recording_of(run)


def _of_file(path: Path) -> list[Recording]:
    """Named after the file; of several runs in it, the further ones with a number: incident, incident-2."""
    try:
        runs = load_runs(path.read_bytes())
    except (OSError, NotARecording) as error:
        raise CommandError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", path.name.removesuffix(".jsonl").removesuffix(".stream"))
    return [_recording(name if number == 1 else f"{name}-{number}", run) for number, run in enumerate(runs, 1)]


def _recording(name: str, run: RecordedRun) -> Recording:
    started = int(run.started_at.timestamp()) if run.started_at else 0
    return Recording(name, run.model, run.events, run.reads, started)
