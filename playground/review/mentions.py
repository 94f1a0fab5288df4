"""People who are named in comments: @username."""

import re
from collections.abc import Sequence
from typing import Final

from django.db.models import QuerySet
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import now

from playground.accounts.models import User
from playground.markdown import render_markdown
from playground.review.access import people_who_see
from playground.review.models import Comment, Mention
from playground.runs.access import is_visible
from playground.workspaces.models import Workspace

MOST: Final = 20
_NAME: Final = re.compile(r"(?<![\w.@/])@([\w.+@-]*\w)")
_TAG: Final = re.compile(r"(<[^>]*>)")


def names_in(body: str) -> list[str]:
    return list(dict.fromkeys(_NAME.findall(body)))[:MOST]


def record_mentions(comment: Comment) -> list[str]:
    """Tell those whom the comment names, each once. Returns the members it names who cannot see the session."""
    names = [name for name in names_in(comment.body) if name != comment.author.get_username()]
    if not names:
        comment.mentions.all().delete()
        return []
    session = comment.thread.session
    told = {user.get_username(): user for user in people_who_see(session).filter(username__in=names)}
    comment.mentions.exclude(user__in=told.values()).delete()
    Mention.objects.bulk_create([Mention(comment=comment, user=user) for user in told.values()], ignore_conflicts=True)
    members = User.objects.filter(memberships__workspace=session.workspace_id, is_active=True, username__in=names)
    return sorted(set(members.values_list("username", flat=True)) - set(told))


def render_body(body: str, people: Sequence[str]) -> SafeString:
    """A comment as sanitised HTML, with the people it names marked."""
    known = {escape(name) for name in people}

    def mark(match: re.Match[str]) -> str:
        return f'<span class="mention">{match[0]}</span>' if match[1] in known else match[0]

    parts = _TAG.split(render_markdown(body))
    return mark_safe("".join(part if at % 2 else _NAME.sub(mark, part) for at, part in enumerate(parts)))  # noqa: S308


def inbox(user: User, workspace: Workspace) -> QuerySet[Mention]:
    """Who named the user where, newest first."""
    mentions = Mention.objects.filter(
        is_visible(user, "comment__thread__session__"),
        user=user,
        comment__deleted_at=None,
        comment__thread__session__workspace=workspace,
    )
    return mentions.select_related("comment__author", "comment__thread__session").order_by("-comment__created_at")


def mark_seen(mentions: QuerySet[Mention]) -> None:
    Mention.objects.filter(pk__in=mentions.filter(seen_at=None).values("pk")).update(seen_at=now())
