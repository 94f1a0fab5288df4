"""Saved filters: keep the list's filters by a name, share them with the workspace, rename them, drop them."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from playground.history.access import filter_to_change
from playground.history.filters import HistoryForm
from playground.history.saved_filters import SavedFilterForm, clean_query
from playground.history.views.page import page_context
from playground.history.views.sessions import list_context
from playground.http import SignedInRequest
from playground.review.models import SavedFilter
from playground.workspaces.access import current_membership, current_workspace, require_role
from playground.workspaces.models import Role


@require_POST
@login_required
def create(request: SignedInRequest) -> HttpResponse:
    """Keep `query` by a name."""
    workspace = current_workspace(request.user)
    query = clean_query(request.POST.get("query", ""))
    return _save(request, SavedFilter(workspace=workspace, owner=request.user, query=query))


@require_POST
@login_required
def change(request: SignedInRequest, filter_id: int) -> HttpResponse:
    """Rename it, share it or not."""
    return _save(request, filter_to_change(request.user, filter_id))


@require_POST
@login_required
def delete(request: SignedInRequest, filter_id: int) -> HttpResponse:
    filter_to_change(request.user, filter_id).delete()
    return _back(request.POST.get("query", ""))


def _save(request: SignedInRequest, saved: SavedFilter) -> HttpResponse:
    form = SavedFilterForm(request.POST, instance=saved)
    query = request.POST.get("query", "") if saved.pk else saved.query
    if not form.is_valid():
        asked = HistoryForm(QueryDict(query))
        membership = current_membership(request.user)
        context = {
            **list_context(request.user, membership.workspace, asked),
            **page_context(request, membership, asked, saving=form),
        }
        return render(request, "history/sessions.html", context, status=422)
    if form.cleaned_data["is_shared"]:
        require_role(request.user, saved.workspace, Role.EDITOR)
    form.save()
    return _back(query)


def _back(query: str) -> HttpResponse:
    query = clean_query(query)
    return redirect(f"{reverse('history:sessions')}?{query}" if query else "history:sessions")
