"""What the speaker is told of an answer, and who may present."""

from django import template
from django.utils.translation import gettext as _

from playground.accounts.models import User
from playground.connections.problems import SENTENCES
from playground.presenting.access import presentable_sessions
from playground.runs.models import Session

register = template.Library()


@register.filter
def failure_sentence(code: str) -> str:
    """Why a live answer gave way, by its code."""
    return str(SENTENCES.get(code) or _("It could not start (%s).") % code)


@register.filter
def may_present(user: User, session: Session) -> bool:
    return presentable_sessions(user).filter(pk=session.pk).exists()
