from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from playground.accounts.models import User
from playground.workspaces.audit import record
from playground.workspaces.members import join
from playground.workspaces.models import Role, Workspace
from playground.workspaces.tokens import create_token


class Command(BaseCommand):
    help = "API tokens of the default workspace."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser("create", help="Print a new API token, and nothing else, once.")
        create.add_argument("username")
        create.add_argument("--name", default="", help="what the token is for")
        create.add_argument("--create-user", action="store_true", help="make the user, without a password, if missing")

    def handle(self, *_args: Any, **options: Any) -> None:
        with transaction.atomic():
            user = _user(options["username"], create=options["create_user"])
            workspace = Workspace.objects.default()
            join(user, workspace, Role.EDITOR)
            secret = create_token(user, workspace, options["name"])
            record(workspace, None, "token.create", options["name"], user=user.username)
        self.stdout.write(secret)


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
