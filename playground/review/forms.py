"""What people type in a review."""

from typing import Any, Final

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from playground.review.models import RatingScale, Tag
from playground.workspaces.models import Workspace

LONGEST_COMMENT: Final = 10_000


class CommentForm(forms.Form):
    body = forms.CharField(
        label=_("Comment"),
        max_length=LONGEST_COMMENT,
        error_messages={
            "required": _("Write a comment first."),
            "max_length": _("A comment has at most 10,000 characters; this one has %(show_value)d. Shorten it."),
        },
    )


class TagForm(forms.Form):
    """A tag's name. Names that differ only in case are the same tag."""

    name = forms.CharField(label=_("Tag"), max_length=Tag._meta.get_field("name").max_length)  # noqa: SLF001

    def clean_name(self) -> str:
        name = " ".join(str(self.cleaned_data["name"]).split()).removeprefix("#")
        if not name or "," in name:
            raise forms.ValidationError(_("A tag has a name without commas."))
        return name


class ScaleForm(forms.Form):
    """The name of one of a workspace's scales; `scale` is the one that is renamed."""

    name = forms.CharField(label=_("Name"), max_length=RatingScale._meta.get_field("name").max_length)  # noqa: SLF001

    def __init__(self, data: QueryDict | None, workspace: Workspace, scale: RatingScale | None = None) -> None:
        super().__init__(data)
        self._others = RatingScale.objects.filter(workspace=workspace).exclude(pk=scale.pk if scale else 0)

    def clean_name(self) -> str:
        name = " ".join(str(self.cleaned_data["name"]).split())
        if self._others.filter(name__iexact=name).exists():
            raise forms.ValidationError(_("There is a scale of that name already. It may be archived."))
        return name


def first_error(form: forms.Form) -> str:
    """The first thing that is wrong, for a place that has room for one."""
    errors: Any = form.errors
    return str(next(iter(errors.values()))[0]) if errors else ""
