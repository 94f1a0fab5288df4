"""What stands out in a run, for its lane."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import template

from playground.runs.badges import Badge
from playground.runs.badges import badges as badges_of

register = template.Library()


@register.filter
def badges(findings: Sequence[Mapping[str, Any]]) -> list[Badge]:
    """Of what a run's `findings` hold."""
    return badges_of(findings)
