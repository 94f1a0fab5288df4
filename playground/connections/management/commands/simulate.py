"""`manage.py simulate`: serve the simulator until it is told to stop."""

import asyncio
import importlib.util
import signal
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from playground.providers.simulator import Simulator
from playground.providers.simulator.faults import FAULTS
from playground.providers.simulator.grammar import HELP


class Command(BaseCommand):
    help = f"Serve an OpenAI-compatible upstream for tests and demonstrations, and print its base URL. {HELP}"
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
        parser.add_argument("--faults", action="store_true", help="print the faults that can be played, and end")
        parser.add_argument("--port", type=_port, default=0, help="port to listen on (default: a free one)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["faults"]:
            for fault in FAULTS.values():
                print(f"fault-{fault.name}{'xN' if fault.placed else ''}\t{fault.does}")
            return
        run = asyncio.run
        if importlib.util.find_spec("uvloop") is not None:
            import uvloop  # not there on every platform

            run = uvloop.run
        try:
            run(self._serve(options["host"], options["port"]))
        except OSError as error:
            reason = error.strerror or error
            raise CommandError(f"Cannot listen on {options['host']} port {options['port']}: {reason}.") from None

    async def _serve(self, host: str, port: int) -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        async with Simulator(host, port) as simulator:
            print(simulator.base_url, flush=True)
            await stop.wait()


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 65_535):
        raise ArgumentTypeError("it must be a number from 0 to 65535")
    return int(text)
