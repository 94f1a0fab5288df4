"""Filters that are kept by name: a person's own, and those that they share with the workspace."""

from typing import TYPE_CHECKING, Final

from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict

from playground.accounts.models import User
from playground.history.filters import HistoryForm
from playground.review.models import SavedFilter
from playground.workspaces.models import Workspace

_MOST: Final = 100  # in a list


if TYPE_CHECKING:  # Django's own class takes no parameter
    _Form = forms.ModelForm[SavedFilter]
else:
    _Form = forms.ModelForm


class SavedFilterForm(_Form):
    class Meta:
        model = SavedFilter
        fields = ("name", "is_shared")

    def clean_name(self) -> str:
        return " ".join(str(self.cleaned_data["name"]).split())


def visible_filters(user: User, workspace: Workspace) -> QuerySet[SavedFilter]:
    mine_or_shared = Q(owner=user) | Q(is_shared=True)
    return SavedFilter.objects.filter(mine_or_shared, workspace=workspace).select_related("owner")[:_MOST]


def clean_query(query: str) -> str:
    """Of a list's query string, what filters it."""
    return HistoryForm(QueryDict(query)).query()
