"""What the top bar of every page tells of workspaces."""

from django import template
from django.contrib.auth.models import AnonymousUser

from playground.accounts.models import User
from playground.workspaces.access import memberships_of
from playground.workspaces.models import Membership

register = template.Library()


@register.simple_tag
def own_memberships(user: User | AnonymousUser) -> list[Membership]:
    """Those of who is signed in, the current one first: one query, a page."""
    return memberships_of(user) if isinstance(user, User) else []
