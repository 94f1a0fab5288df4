"""`manage.py recording`: recordings out of and into the database, as files."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from playground.accounts.models import User
from playground.errors import PlaygroundError
from playground.history.imports import CannotImport, Kept, Wanted, import_file
from playground.interchange import stream_jsonl
from playground.interchange.formats import AUTO, READERS, WRITERS
from playground.providers.dialects import DIALECTS
from playground.recording import session_file
from playground.review.models import Redaction
from playground.runs.models import Run, Session
from playground.runs.transfer import recorded_session
from playground.sharing.exports.recordings import recording_of
from playground.workspaces.access import current_workspace, require_role
from playground.workspaces.models import Role

_OF_SESSIONS = {"stream": stream_jsonl.dump, "json": session_file.dump}


class Command(BaseCommand):
    help = "Recordings as files: docs/recording-format.md has the formats."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        export = actions.add_parser("export", help="Write a run, or a session with all its runs, to standard output.")
        export.add_argument("id", metavar="ID", help="of a run or of a session")
        export.add_argument("--format", default="stream", choices=WRITERS, help="default: %(default)s")
        bring = actions.add_parser("import", help="Save what a file holds; prints the ids of its sessions and runs.")
        bring.add_argument("file", type=Path)
        bring.add_argument("--user", required=True, help="whose private sessions they become")
        bring.add_argument("--format", default=AUTO, choices=(AUTO, *READERS), help="default: told from the content")
        bring.add_argument("--dialect", default="", choices=("", *DIALECTS), help="of the body of an answer")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            if options["action"] == "export":
                sys.stdout.buffer.write(_exported(options["id"], options["format"]))
                sys.stdout.buffer.flush()
            else:
                for line in _imported(options):
                    self.stdout.write(line)
        except PlaygroundError as error:
            raise CommandError(error.message) from None
        except CannotImport as error:
            hint = " Name it with --format, or --dialect." if error.is_unknown else ""
            raise CommandError(f"{error}{hint}") from None


def _exported(text: str, name: str) -> bytes:
    try:
        key = UUID(text)
    except ValueError:
        raise CommandError(f"“{text}” is no id: the address of a run's or a session's page ends with it.") from None
    run = Run.objects.select_related("turn__session").filter(pk=key).first()
    if run is not None:
        return WRITERS[name].write(recording_of(run, name))
    session = Session.objects.filter(pk=key).first()
    if session is None:
        raise CommandError(f"There is no run and no session {key}.")
    if name not in _OF_SESSIONS:
        raise CommandError(f"A session is exported as {' or '.join(_OF_SESSIONS)}; {name} holds one run.")
    if Redaction.objects.filter(turn__session=session).exists():
        raise CommandError("Text of this session is redacted: export its runs one by one, which hides it.")
    return _OF_SESSIONS[name](recorded_session(session))


def _imported(options: dict[str, Any]) -> list[str]:
    user = User.objects.filter(username=options["user"], is_active=True).first()
    if user is None:
        raise CommandError(f"There is no active user {options['user']!r}.")
    workspace = current_workspace(user)
    require_role(user, workspace, Role.EDITOR)
    path: Path = options["file"]
    try:
        with path.open("rb") as file:
            wanted = Wanted(options["format"], options["dialect"])
            return [line for kept in import_file(file, path.name, workspace, user, wanted) for line in _told(kept)]
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from None


def _told(kept: Kept) -> list[str]:
    found = f"{kept.format_name} {kept.dialect}".strip()
    runs = Run.objects.filter(turn__session=kept.session).order_by("turn__position", "lane", "created_at")
    return [f"session {kept.session.pk} ({found})", *(f"run {run.pk} {run.model_id} {run.status}" for run in runs)]
