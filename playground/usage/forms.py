from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from playground.workspaces.models import Workspace

LIMITS: Final = ("member_max_live_runs", "member_max_tokens_per_day", "max_live_runs", "max_tokens_per_day")


def _limit(label: Any, most: int) -> forms.IntegerField:
    return forms.IntegerField(label=label, required=False, min_value=1, max_value=most)


class LimitsForm(forms.Form):
    """An empty field is no limit."""

    member_max_live_runs = _limit(_("Answers at once, each member"), 10_000)
    member_max_tokens_per_day = _limit(_("Tokens a day, each member"), 10**12)
    max_live_runs = _limit(_("Answers at once, the whole workspace"), 10_000)
    max_tokens_per_day = _limit(_("Tokens a day, the whole workspace"), 10**12)

    def save(self, workspace: Workspace) -> None:
        for name in LIMITS:
            setattr(workspace, name, self.cleaned_data[name])
        workspace.save(update_fields=LIMITS)


def limits_of(workspace: Workspace) -> dict[str, int | None]:
    return {name: getattr(workspace, name) for name in LIMITS}
