"""The workspaces that one is in: go to another, make one, rename it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from playground.errors import NotFound
from playground.http import SignedInRequest
from playground.workspaces.access import membership_of_owner, memberships_of
from playground.workspaces.forms import WorkspaceForm
from playground.workspaces.services import create_workspace, rename, select


@login_required
@require_GET
def workspaces(request: SignedInRequest) -> HttpResponse:
    """All that one is in, the current one first."""
    return render(request, "workspaces/list.html", {"memberships": memberships_of(request.user)})


@login_required
@require_POST
def choose(request: SignedInRequest) -> HttpResponse:
    chosen = request.POST.get("workspace", "")
    if not (chosen.isascii() and chosen.isdigit() and len(chosen) < 19):
        raise NotFound(_("This does not exist, or is not yours."))
    select(request.user, int(chosen))
    return redirect("prompts:playground")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: SignedInRequest) -> HttpResponse:
    form = WorkspaceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        membership = create_workspace(request.user, form.cleaned_data["name"])
        messages.success(request, _("The workspace “%s” is yours. Invite the others next.") % membership.workspace.name)
        return redirect("workspaces:members")
    return render(request, "workspaces/new.html", {"form": form}, status=422 if form.is_bound else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: SignedInRequest) -> HttpResponse:
    workspace = membership_of_owner(request.user).workspace
    form = WorkspaceForm(request.POST or None, initial={"name": workspace.name})
    if request.method == "POST" and form.is_valid():
        rename(request.user, workspace, form.cleaned_data["name"])
        messages.success(request, _("The workspace is now called “%s”.") % workspace.name)
        return redirect("workspaces:settings")
    context = {"form": form, "workspace": workspace}
    return render(request, "workspaces/settings.html", context, status=422 if form.is_bound else 200)
