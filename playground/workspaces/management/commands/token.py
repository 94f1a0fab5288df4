from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from playground.accounts.models import User
from playground.workspaces.audit import record
from playground.workspaces.forms import MOST_TOKENS_PER_DAY
from playground.workspaces.members import join
from playground.workspaces.models import Role, Workspace
from playground.workspaces.token_facts import connection_names
from playground.workspaces.tokens import Scope, create_token, expiry_in


class Command(BaseCommand):
    help = "API tokens of the default workspace."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser("create", help="Print a new API token, and nothing else, once.")
        create.add_argument("username")
        create.add_argument("--name", default="", help="what the token is for")
        create.add_argument("--create-user", action="store_true", help="make the user, without a password, if missing")
        create.add_argument("--expires", type=_count, metavar="DAYS", help="default: never")
        create.add_argument(
            "--connection",
            action="append",
            default=[],
            metavar="NAME",
            help="it may use this one; repeatable",
        )
        create.add_argument("--runs-per-minute", type=_count, metavar="N")
        create.add_argument("--tokens-per-day", type=_many, metavar="N", help="of prompts and answers")

    def handle(self, *_args: Any, **options: Any) -> None:
        with transaction.atomic():
            user = _user(options["username"], create=options["create_user"])
            workspace = Workspace.objects.default()
            scope = _scope(workspace, options)
            join(user, workspace, Role.EDITOR)
            secret = create_token(user, workspace, options["name"], scope)
            record(workspace, None, "token.create", options["name"], user=user.username, **scope.details())
        self.stdout.write(secret)


def _count(text: str, most: int = 100_000) -> int:
    count = int(text)
    if not 1 <= count <= most:
        raise ArgumentTypeError(f"must be from 1 to {most}")
    return count


def _many(text: str) -> int:
    return _count(text, MOST_TOKENS_PER_DAY)


def _scope(workspace: Workspace, options: dict[str, Any]) -> Scope:
    existing = connection_names(workspace)
    for name in options["connection"]:
        if name not in existing:
            raise CommandError(f"There is no connection {name!r}. There are: {', '.join(existing)}.")
    return Scope(
        connections=list(dict.fromkeys(options["connection"])),
        expires_at=expiry_in(options["expires"]),
        runs_per_minute=options["runs_per_minute"],
        tokens_per_day=options["tokens_per_day"],
    )


def _user(username: str, *, create: bool) -> User:
    user = User.objects.filter(username=username).first()
    if user is not None:
        if not user.is_active:
            raise CommandError(f"The user {username!r} is not active.")
        return user
    if not create:
        raise CommandError(f"There is no user {username!r}. Add --create-user to make one.")
    user = User(username=username)
    user.set_unusable_password()
    user.full_clean()
    user.save()
    return user
