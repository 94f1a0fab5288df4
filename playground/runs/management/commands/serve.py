"""`manage.py serve`: the playground's server."""

import contextlib
import fcntl
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from playground.eventloop import install_fast_loop
from playground.memory import give_back_what_is_freed, without_own_tls
from playground.runs.apps import RunsConfig
from playground.runs.welcome import greeting


@contextlib.contextmanager
def locked(data_dir: Path) -> Iterator[None]:
    """Hold the data folder for this process. The lock goes with the process, however it ends.

    Raises:
        CommandError: another server has it.
    """
    with (data_dir / "server.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(
                f"Another server already uses {data_dir}. Stop it first, or set DATA_DIR to another folder."
            ) from None
        yield


def refuse_an_old_database() -> None:
    """Raises CommandError if the database does not answer, or its tables are not those that this code works with."""
    try:
        executor = MigrationExecutor(connection)
    except OperationalError as error:
        raise CommandError(
            f"The database does not answer: {str(error).strip().splitlines()[0]}. Check DATABASE_URL."
        ) from None
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise CommandError("The database is not up to date. Run “python manage.py migrate” first (“make run” does).")


def port_number(text: str) -> int:
    port = int(text) if text.isascii() and text.isdigit() else 0
    if not 0 < port < 65536:
        raise ArgumentTypeError("it must be a whole number from 1 to 65535")
    return port


class Command(BaseCommand):
    help = "Serve the playground with Daphne. Ctrl-C stops it; live answers are saved."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
        parser.add_argument("--port", type=port_number, default=8000, help="port to listen on (8000)")

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        # Daphne installs its reactor when it is imported, on the loop of the policy that is set by then.
        install_fast_loop()
        without_own_tls()
        give_back_what_is_freed()
        from playground.asgi import protocols
        from playground.runs.lifespan import end_process_if_hanging
        from playground.runs.server import CannotListen, Service

        config = apps.get_app_config("runs")
        assert isinstance(config, RunsConfig)  # noqa: S101  (for the type checker: this is our own app)
        with locked(settings.DATA_DIR):
            refuse_an_old_database()
            welcome = greeting(host, port)

            def announce() -> None:
                self.stdout.write(welcome)
                self.stdout.flush()

            try:
                grace_s = settings.PLAYGROUND_STOP_GRACE_S
                Service(protocols, config, host=host, port=port, grace_s=grace_s, on_ready=announce).run()
            except CannotListen as error:
                hint = f"Choose another address or port, for example: make run PORT={port % 65535 + 1}"
                raise CommandError(f"{error} {hint}") from None
            end_process_if_hanging()
