"""`manage.py stream`: print a model's answer as it arrives."""

import asyncio
import logging
import os
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from playground.connections import builtin
from playground.connections.catalogue import ResolvedModel, resolve
from playground.connections.runtime import Runtimes
from playground.errors import PlaygroundError
from playground.providers.chunk import Chunk
from playground.providers.errors import ProviderError
from playground.providers.langchain_events import VERSIONS, as_json
from playground.providers.model import Model
from playground.recording.reasons import common
from playground.workspaces.models import Workspace

INTERRUPTED = 130
# What a person should know of an answer that has come to its end all the same.
REMARKS = {
    "length": "The answer stopped at the limit of tokens (length).",
    "content_filter": "The provider's content filter stopped the answer.",
}


class Command(BaseCommand):
    help = "Ask a model, and print the chunks of its answer as they arrive. Nothing is saved."
    requires_system_checks = ()  # they load every page, before the first token

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("prompt")
        parser.add_argument("--model", default=builtin.EMBEDDED_MODEL, metavar="ID", help="default: %(default)s")
        parser.add_argument("--separator", default="|", metavar="TEXT", help="after each chunk (default: |)")
        parser.add_argument("--events", choices=VERSIONS, help="print the events of astream_events, one JSON a line")
        parser.add_argument("--max-tokens", type=_count, metavar="N")
        parser.add_argument("--temperature", type=_temperature, metavar="T")

    def handle(self, *_args: Any, **options: Any) -> None:
        if not options["prompt"].strip():
            raise CommandError("The prompt is empty: write what the model is to answer.")
        try:
            resolved = resolve(Workspace.objects.default(), options["model"])
            with _quiet():
                asyncio.run(self._run(resolved, options))
        except DatabaseError:
            raise CommandError("The database is not ready: run `.venv/bin/python manage.py migrate` first.") from None
        except PlaygroundError as error:
            raise CommandError(error.message) from None
        except ProviderError as error:
            self._end_line()
            raise CommandError(error.message) from None
        except KeyboardInterrupt:
            self._end_line()
            sys.exit(INTERRUPTED)
        except BrokenPipeError:  # who read the answer has gone; what is still buffered has nowhere to go
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)

    async def _run(self, resolved: ResolvedModel, options: dict[str, Any]) -> None:
        parameters = {"max_tokens": options["max_tokens"], "temperature": options["temperature"]}
        async with (
            Runtimes() as runtimes,
            runtimes.open(resolved, self._notify) as endpoint,
            Model(model=resolved.model, endpoint=endpoint, name=resolved.model_id, **parameters) as model,
        ):
            if options["events"]:
                await self._print_events(model, options)
            else:
                await self._print_chunks(model, options)

    async def _print_chunks(self, model: Model, options: dict[str, Any]) -> None:
        last = Chunk()
        async with aclosing(model.astream(options["prompt"])) as chunks:
            async for last in chunks:
                self._open_line = True
                print(last, end=options["separator"], flush=True)
        self._end_line()
        if last.one_chunk:
            self.stderr.write("The provider did not stream: the whole answer came as one chunk.")
        if last.attempt > 1:
            self.stderr.write(f"The provider answered at attempt {last.attempt}.")
        if remark := REMARKS.get(common(last.finish_reason)):
            self.stderr.write(remark)

    async def _print_events(self, model: Model, options: dict[str, Any]) -> None:
        async with aclosing(model.astream_events(options["prompt"], version=options["events"])) as events:
            async for event in events:
                print(orjson.dumps(as_json(event)).decode(), flush=True)

    _open_line = False
    _told: frozenset[str] = frozenset()

    def _end_line(self) -> None:
        if self._open_line:
            self._open_line = False
            print(flush=True)

    def _notify(self, code: str, message: str, **_data: Any) -> None:
        """Say each kind of notice once: the loading of a model sends many."""
        if code not in self._told:
            self._told |= {code}
            self._end_line()
            self.stderr.write(message)


@contextmanager
def _quiet() -> Iterator[None]:
    """What the log tells of a running server is noise beside an answer."""
    logger = logging.getLogger("playground")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)


def _temperature(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 2:
        raise ArgumentTypeError("it must be a number from 0 to 2")
    return value


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text)):
        raise ArgumentTypeError("it must be a whole number of at least 1")
    return int(text)
