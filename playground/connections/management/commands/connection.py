"""`manage.py connection add|list|test|remove`, in the default workspace."""

import asyncio
import os
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from playground.connections.catalogue import endpoint_of
from playground.connections.check import Report, check
from playground.connections.forms import ConnectionForm
from playground.connections.models import Connection
from playground.connections.secrets import SecretsUnreadable
from playground.providers.dialects import DIALECTS
from playground.providers.endpoint import Endpoint
from playground.providers.http import UpstreamClient
from playground.workspaces.audit import record
from playground.workspaces.models import Workspace


class Command(BaseCommand):
    help = "How models are reached: the connections of the default workspace."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        add = actions.add_parser("add", help="Add a connection.")
        add.add_argument("name")
        add.add_argument("--dialect", required=True, choices=list(DIALECTS))
        add.add_argument("--base-url", required=True, help="with its /v1")
        add.add_argument("--key-env", metavar="VAR", help="the environment variable that holds the API key")
        add.add_argument("--allow-private", action="store_true", help="it may be on this machine or network")
        add.add_argument("--model", action="append", default=[], help="a model to offer; may be repeated")
        actions.add_parser("list", help="List the connections.")
        for action, text in (("test", "Ask for a few tokens, and say how they came."), ("remove", "Delete it.")):
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
                self._test(_find(options["name"]), options["model"])
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
            },
        )
        if not form.is_valid():
            raise CommandError("\n".join(f"{field}: {text}" for field, texts in form.errors.items() for text in texts))
        with transaction.atomic():
            connection = form.save()
            record(connection.workspace, None, "connection.add", connection.name, base_url=connection.base_url)
        example = connection.model_names[0] if connection.model_names else "MODEL"
        self.stdout.write(f"Added {connection.name}. Its models are called {connection.name}/{example}.")

    def _remove(self, connection: Connection) -> None:
        with transaction.atomic():
            record(connection.workspace, None, "connection.delete", connection.name)
            connection.delete()

    def _list(self) -> None:
        for connection in Connection.objects.filter(workspace=Workspace.objects.default()):
            models = ", ".join(connection.model_names) or "any model"
            self.stdout.write(f"{connection.name}\t{connection.dialect}\t{connection.base_url}\t{models}")

    def _test(self, connection: Connection, model: str | None) -> None:
        try:
            endpoint = endpoint_of(connection)
        except SecretsUnreadable as error:
            raise CommandError(error.message) from None
        report = asyncio.run(_check(endpoint, [model] if model else connection.model_names))
        self.stdout.write(_models_line(report))
        if report.note:
            self.stdout.write(report.note)
        if not report.works:
            raise CommandError(report.error or "No model to ask: name one with --model.")
        self.stdout.write(_stream_line(report))


async def _check(endpoint: Endpoint, model_names: list[str]) -> Report:
    async with UpstreamClient() as http:
        return await check(endpoint, model_names, http)


def _models_line(report: Report) -> str:
    if report.models_error:
        return f"models: {report.models_error}"
    return f"models: {', '.join(report.models)}"


def _stream_line(report: Report) -> str:
    ttft = f"first after {report.ttft_ms:.0f} ms" if report.ttft_ms is not None else "with no text"
    rate = f", {report.tokens_per_s:.1f} a second" if report.tokens_per_s is not None else ""
    if report.streams:
        return f"{report.model}: streams, {report.chunks} chunks, {ttft}{rate}"
    if report.whole:
        return f"{report.model}: answers in one piece, {ttft}"
    return f"{report.model}: answers, {ttft}; the answer was too short to tell whether it streams"


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
