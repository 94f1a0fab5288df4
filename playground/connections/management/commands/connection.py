"""`manage.py connection add|list|test|remove`, in the default workspace."""

import asyncio
import os
from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from playground.connections import builtin
from playground.connections.capabilities import cells_of
from playground.connections.catalogue import endpoint_of, list_models
from playground.connections.check import Report, check
from playground.connections.forms import ConnectionForm
from playground.connections.measurements import Row, forget, keep, measure_named
from playground.connections.measuring import Measured
from playground.connections.models import Connection
from playground.connections.secrets import SecretsUnreadable
from playground.errors import InvalidField, PlaygroundError
from playground.providers.continuation import WAYS
from playground.providers.dialects import DIALECTS
from playground.providers.endpoint import Endpoint
from playground.providers.http import UpstreamClient
from playground.providers.runnables import DIALECT as RUNNABLES
from playground.workspaces.audit import record
from playground.workspaces.models import Workspace

# The fields of the form that say when to give up and when to try again, as options of `connection add`.
POLICY: Final = (
    ("connect", "--connect-timeout", "seconds to connect in"),
    ("first_chunk", "--first-chunk-timeout", "seconds to the first chunk"),
    ("between_chunks", "--between-chunks-timeout", "seconds between two chunks"),
    ("total", "--total-timeout", "seconds for the whole answer, its attempts and waits"),
    ("attempts", "--attempts", "how often a request is sent at most"),
    ("base_delay", "--first-wait", "seconds before the second attempt; it doubles"),
    ("max_delay", "--longest-wait", "seconds at most before an attempt"),
    ("retry_after_cap", "--retry-after", "seconds of a Retry-After that are obeyed, at most 120"),
    ("statuses", "--retry-statuses", "HTTP statuses to retry, with commas; none with an empty text"),
    ("budget", "--retry-budget", "retries for each 100 requests, beyond a reserve; no limit with an empty text"),
)
# What was typed for a field of the form; without one, the error says enough.
OPTIONS: Final = {
    "name": "NAME",
    "base_url": "--base-url",
    "dialect": "--dialect",
    "api_key": "--key-env",
    "allow_private": "--allow-private",
    "models": "--model",
    "continues_by": "--continue-by",
    **{name: option for name, option, _text in POLICY},
}


class Command(BaseCommand):
    help = "How models are reached: the connections of the default workspace."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        add = actions.add_parser("add", help="Add a connection.")
        add.add_argument("name")
        add.add_argument("--dialect", required=True, choices=[*DIALECTS, RUNNABLES])
        add.add_argument("--base-url", required=True, help="with its /v1; for langchain package.module:object")
        add.add_argument("--key-env", metavar="VAR", help="the environment variable that holds the API key")
        add.add_argument("--allow-private", action="store_true", help="it may be on this machine or network")
        add.add_argument("--model", action="append", default=[], help="a model to offer; may be repeated")
        for name, option, text in POLICY:
            add.add_argument(option, dest=name, metavar="LIST" if name == "statuses" else "N", help=text)
        add.add_argument(
            "--continue-by", dest="continues_by", default="", choices=[*WAYS], help="how an answer is continued"
        )
        actions.add_parser("list", help="List the connections.")
        for action, text in (
            ("test", "Measure what a model does, and keep it."),
            ("remove", "Delete it."),
        ):
            parser = actions.add_parser(action, help=text)
            parser.add_argument("name")
            if action == "test":
                parser.add_argument("--model", help="which model to ask (default: the first that is listed)")

    def handle(self, *_args: Any, action: str, **options: Any) -> None:
        match action:
            case "add":
                self._add(options)
            case "list":
                self._list()
            case "test":
                self._test(options["name"], options["model"])
            case "remove":
                self._remove(_find(options["name"]))
                self.stdout.write(f"Removed {options['name']}.")

    def _add(self, options: dict[str, Any]) -> None:
        form = ConnectionForm(Workspace.objects.default())
        defaults = {name: field.initial for name, field in form.fields.items() if field.initial is not None}
        form = ConnectionForm(
            form.workspace,
            data={
                **defaults,
                "name": options["name"],
                "dialect": options["dialect"],
                "base_url": options["base_url"],
                "api_key": _key(options["key_env"]),
                "allow_private": options["allow_private"],
                "models": "\n".join(options["model"]),
                "continues_by": options["continues_by"],
                **{name: options[name] for name, _option, _text in POLICY if options[name] is not None},
            },
        )
        if not form.is_valid():
            errors = [(field, str(text)) for field, texts in form.errors.items() for text in texts]
            raise CommandError("\n".join(_wrong(field, text) for field, text in errors))
        with transaction.atomic():
            connection = form.save()
            record(connection.workspace, None, "connection.add", connection.name, base_url=connection.base_url)
        example = connection.model_names[0] if connection.model_names else "MODEL"
        self.stdout.write(f"Added {connection.name}. Its models are called {connection.name}/{example}.")

    def _remove(self, connection: Connection) -> None:
        with transaction.atomic():
            record(connection.workspace, None, "connection.delete", connection.name)
            forget(connection)
            connection.delete()

    def _list(self) -> None:
        for connection in Connection.objects.filter(workspace=Workspace.objects.default()):
            models = ", ".join(connection.model_names) or "any model"
            self.stdout.write(f"{connection.name}\t{connection.dialect}\t{connection.base_url}\t{models}")

    def _test(self, name: str, model: str | None) -> None:
        workspace = Workspace.objects.default()
        if name in builtin.NAMES:
            infos = [info for info in list_models(workspace) if info.connection == name]
            model = model or next((info.model for info in infos), "")
            row = asyncio.run(_measure(workspace, name, model))
            report = Report(model=row.model, measured=row.measured)
        else:
            report = self._check(_find(name), model)
        if report.measured is None:
            raise CommandError("No model to ask: name one with --model.")
        if report.measured.note:
            self.stdout.write(report.measured.note)
        if report.works or report.measured.chunks:  # also what came before it failed
            self.stdout.write(_stream_line(report.model, report.measured))
            for cell in cells_of(Row(name, report.model, "", measured=report.measured)):
                if cell.words != "–":
                    self.stdout.write(f"  {cell.column}: {cell.words}")
        if not report.works:
            raise CommandError(report.error)

    def _check(self, connection: Connection, model: str | None) -> Report:
        try:
            endpoint = endpoint_of(connection)
        except (SecretsUnreadable, InvalidField) as error:
            raise CommandError(error.message) from None
        report = asyncio.run(_check(endpoint, [model] if model else connection.model_names))
        if report.measured is not None:
            keep(connection.workspace, connection.name, report.model, report.measured)
        self.stdout.write(_models_line(report))
        return report


async def _check(endpoint: Endpoint, model_names: list[str]) -> Report:
    async with UpstreamClient() as http:
        return await check(endpoint, model_names, http)


async def _measure(workspace: Workspace, name: str, model: str) -> Row:
    try:
        return await measure_named(workspace, name, model)
    except PlaygroundError as error:
        raise CommandError(error.message) from None


def _models_line(report: Report) -> str:
    if report.models_error:
        return f"models: {report.models_error}"
    return f"models: {', '.join(report.models)}"


def _stream_line(model: str, measured: Measured) -> str:
    ttft = f"first after {measured.ttft_ms:.0f} ms" if measured.ttft_ms is not None else "with no text"
    rate = f", {measured.tokens_per_s:.1f} a second" if measured.tokens_per_s is not None else ""
    if not measured.works:
        chunks = f"{measured.chunks} chunks" if measured.chunks > 1 else "1 chunk"
        return f"{model}: failed after {chunks}, {ttft}{rate}"
    if measured.is_native:
        return f"{model}: streams, {measured.chunks} chunks, {ttft}{rate}"
    if measured.stream == "one_chunk":
        return f"{model}: answers in one piece, {ttft}"
    return f"{model}: answers, {ttft}; the answer was too short to tell whether it streams"


def _wrong(field: str, text: str) -> str:
    return f"{OPTIONS[field]}: {text}" if field in OPTIONS else text


def _find(name: str) -> Connection:
    connection = Connection.objects.filter(workspace=Workspace.objects.default(), name=name).first()
    if connection is None:
        raise CommandError(f"There is no connection {name!r}. `connection list` shows those there are.")
    return connection


def _key(variable: str | None) -> str:
    if variable is None:
        return ""
    key = os.environ.get(variable, "").strip()
    if not key:
        raise CommandError(f"The environment variable {variable} is empty or not set: put the API key into it.")
    return key
