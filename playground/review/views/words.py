"""The workspace's own words: its tags and its rating scales, which owners manage and everybody may read."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from playground.http import SignedInRequest
from playground.review.access import workspace_to_manage
from playground.review.forms import ScaleForm, TagForm
from playground.review.models import RatingScale, Tag
from playground.review.tags import counted_tags, delete_tag, rename_tag
from playground.workspaces.access import current_workspace, has_role
from playground.workspaces.audit import record
from playground.workspaces.models import Role, Workspace


@require_GET
@login_required
def tags(request: SignedInRequest) -> HttpResponse:
    return _tags(request, current_workspace(request.user))


@require_POST
@login_required
def rename(request: SignedInRequest, tag_id: int) -> HttpResponse:
    """A new name; the name of another tag merges the two."""
    workspace = workspace_to_manage(request.user)
    tag = get_object_or_404(Tag, pk=tag_id, workspace=workspace)
    form = TagForm(request.POST)
    if not form.is_valid():
        return _tags(request, workspace, {"refused": form, "refused_tag": tag.pk}, 422)
    rename_tag(tag, form.cleaned_data["name"], request.user)
    return redirect("review:tags")


@require_POST
@login_required
def remove(request: SignedInRequest, tag_id: int) -> HttpResponse:
    """Delete a tag, and take it off all sessions."""
    workspace = workspace_to_manage(request.user)
    delete_tag(get_object_or_404(Tag, pk=tag_id, workspace=workspace), request.user)
    return redirect("review:tags")


@require_http_methods(["GET", "POST"])
@login_required
def scales(request: SignedInRequest) -> HttpResponse:
    """All scales; POST adds one."""
    if request.method == "GET":
        return _scales(request, current_workspace(request.user))
    workspace = workspace_to_manage(request.user)
    form = ScaleForm(request.POST, workspace)
    if not form.is_valid():
        return _scales(request, workspace, {"refused": form}, 422)
    with transaction.atomic():
        scale = RatingScale.objects.create(workspace=workspace, name=form.cleaned_data["name"])
        record(workspace, request.user, "scale.add", scale.name, subject_id=scale.pk)
    return redirect("review:scales")


@require_POST
@login_required
def change_scale(request: SignedInRequest, scale_id: int) -> HttpResponse:
    """Rename a scale, or put it away with all that was rated on it (`archived` 1), or bring it back (0)."""
    workspace = workspace_to_manage(request.user)
    scale = get_object_or_404(RatingScale, pk=scale_id, workspace=workspace)
    if "archived" in request.POST:
        archive = request.POST["archived"] == "1"
        scale.archived_at = now() if archive else None
        scale.save(update_fields=["archived_at"])
        record(workspace, request.user, "scale.archive" if archive else "scale.restore", scale.name)
        return redirect("review:scales")
    form = ScaleForm(request.POST, workspace, scale)
    if not form.is_valid():
        return _scales(request, workspace, {"refused": form, "refused_scale": scale.pk}, 422)
    scale.name = form.cleaned_data["name"]
    scale.save(update_fields=["name"])
    return redirect("review:scales")


def _tags(
    request: SignedInRequest, workspace: Workspace, more: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    context = {
        "tags": counted_tags(workspace, request.user),
        "may_manage": has_role(request.user, workspace, Role.OWNER),
        **(more or {}),
    }
    return render(request, "review/tags.html", context, status=status)


def _scales(
    request: SignedInRequest, workspace: Workspace, more: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    context = {
        "scales": RatingScale.objects.filter(workspace=workspace).annotate(uses=Count("ratings")),
        "may_manage": has_role(request.user, workspace, Role.OWNER),
        **(more or {}),
    }
    return render(request, "review/scales.html", context, status=status)
