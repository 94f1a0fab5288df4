"""Reads for the pages of the library."""

from typing import Any, Final

from django import forms
from django.core.paginator import Page, Paginator
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Lower
from django.utils.translation import gettext_lazy as _

from playground.accounts.models import User
from playground.library.access import restorable_prompts, visible_batches, visible_prompts
from playground.library.models import Batch, Prompt, PromptTag, PromptUse, PromptVersion
from playground.runs.access import visible_sessions
from playground.runs.models import Session
from playground.workspaces.models import Workspace

PAGE: Final = 50
_SHOWN_SESSIONS: Final = 20
_SHOWN_TAGS: Final = 60
_ORDERS: Final[dict[str, Any]] = {
    "": (F("updated_at").desc(), "pk"),
    "name": (Lower("name"), "pk"),
    "uses": (F("uses").desc(), F("updated_at").desc(), "pk"),
}


class LibraryForm(forms.Form):
    """What the list shows; every field may be left out, and all are in the URL."""

    q = forms.CharField(label=_("Search names, descriptions and texts"), required=False, max_length=200)
    tag = forms.CharField(required=False, max_length=40)
    sort = forms.ChoiceField(
        label=_("Sort"),
        required=False,
        choices=[("", _("Newest first")), ("name", _("By name")), ("uses", _("Most used first"))],
    )
    deleted = forms.BooleanField(required=False)

    @property
    def values(self) -> dict[str, Any]:
        self.is_valid()
        return self.cleaned_data

    @property
    def is_filtering(self) -> bool:
        return bool(self.values.get("q") or self.values.get("tag"))


def prompt_page(user: User, workspace: Workspace, form: LibraryForm, number: str | None) -> "Page[Any]":
    """A page of the list, in a number of queries that no row adds to. Each row has `uses`, how often it was sent."""
    values = form.values
    found = (restorable_prompts(user) if values.get("deleted") else visible_prompts(user)).filter(workspace=workspace)
    if tag := values.get("tag"):
        found = found.filter(pk__in=PromptTag.objects.filter(name=tag).values("prompt_id"))
    for word in values.get("q", "").split():
        named = Q(name__icontains=word) | Q(description__icontains=word)
        found = found.filter(named | Q(current__text__icontains=word) | Q(current__system__icontains=word))
    rows = found.annotate(uses=_uses()).select_related("current__created_by", "forked_from__prompt")
    ordered = rows.prefetch_related("tags").order_by(*_ORDERS[values.get("sort", "")])
    return Paginator(ordered, PAGE).get_page(number)


def found_prompts(user: User, workspace: Workspace, words: str, most: int = 12) -> list[Prompt]:
    """For the composer's menu: those that a person may want to insert, the newest first."""
    form = LibraryForm({"q": words})
    return list(prompt_page(user, workspace, form, None).object_list[:most])


def used_tags(workspace: Workspace) -> list[str]:
    """The tags of a workspace's prompts, those of most prompts first."""
    tags = PromptTag.objects.filter(prompt__workspace=workspace, prompt__deleted_at=None)
    counted = tags.values("name").annotate(prompts=Count("pk")).order_by("-prompts", "name")
    return [row["name"] for row in counted[:_SHOWN_TAGS]]


def versions_of(prompt: Prompt) -> QuerySet[PromptVersion]:
    return prompt.versions.select_related("created_by").order_by("-number")


def sessions_using(user: User, prompt: Prompt) -> list[Session]:
    """The newest of the reader's sessions in which a version was sent; the batches' are not among them.

    Each has `version_number`, that of the version used last.
    """
    uses = PromptUse.objects.filter(version__prompt=prompt)
    last = uses.filter(turn__session=OuterRef("pk")).order_by("-turn__position").values("version__number")[:1]
    sessions = visible_sessions(user).filter(pk__in=uses.values("turn__session_id"), batch=None)
    numbered = sessions.annotate(version_number=Subquery(last))
    return list(numbered.select_related("owner").order_by("-updated_at")[:_SHOWN_SESSIONS])


def batches_of(user: User, prompt: Prompt) -> list[Batch]:
    """The newest batches that the reader may see; each has `row_count`."""
    batches = visible_batches(user).filter(version__prompt=prompt).annotate(row_count=Count("rows"))
    return list(batches.select_related("version", "created_by").order_by("-created_at")[:_SHOWN_SESSIONS])


def forks_of(user: User, prompt: Prompt) -> QuerySet[Prompt]:
    return visible_prompts(user).filter(forked_from__prompt=prompt).order_by("name")


def _uses() -> Coalesce:
    uses = PromptUse.objects.filter(version__prompt=OuterRef("pk")).order_by()
    counted = uses.values("version__prompt").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0)
