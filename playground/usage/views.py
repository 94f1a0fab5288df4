"""How much a workspace uses, and its limits."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from playground.accounts.models import User
from playground.http import SignedInRequest
from playground.runs.models import DailyUsage
from playground.runs.usage import COUNTS, tokens_today
from playground.spreadsheets import write_table
from playground.usage.access import membership_to_view, sees_everybody, workspace_to_limit
from playground.usage.chart import draw
from playground.usage.forms import LimitsForm, limits_of
from playground.usage.report import PERIODS, make_report, usage_rows
from playground.workspaces.audit import record
from playground.workspaces.models import Membership, Workspace

_DEFAULT_DAYS: Final = 30


@require_GET
@login_required
def usage(request: SignedInRequest) -> HttpResponse:
    """`?days=` one of PERIODS, `?model=`, and for owners `?member=`, a username."""
    membership = membership_to_view(request.user)
    workspace, everybody = membership.workspace, sees_everybody(membership)
    days, member, model_id = _asked(request, membership)
    report = make_report(workspace, usage_rows(workspace, days, member, model_id), days)
    context = {
        "workspace": workspace,
        "report": report,
        "chart": draw(report.days),
        "periods": PERIODS,
        "days": days,
        "model_id": model_id,
        "member": member if everybody else None,
        "sees_everybody": everybody,
        "limits": limits_of(workspace),
        "today": {"mine": tokens_today(workspace, membership.user), "all": tokens_today(workspace)},
    }
    return render(request, "usage/usage.html", context)


@require_GET
@login_required
def download(request: SignedInRequest) -> HttpResponse:
    """What the page shows, as CSV: a line for each day, member and model."""
    membership = membership_to_view(request.user)
    days, member, model_id = _asked(request, membership)
    rows = usage_rows(membership.workspace, days, member, model_id)
    response = HttpResponse(write_table(_table(rows)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="usage.csv"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def limits(request: SignedInRequest) -> HttpResponse:
    user = request.user
    workspace = workspace_to_limit(user)
    form = LimitsForm(request.POST or None, initial=limits_of(workspace), label_suffix="")
    if request.method == "POST" and form.is_valid():
        _save(form, workspace, user)
        messages.success(request, _("The limits are saved. They hold from the next prompt on."))
        return redirect("usage:usage")
    status = 422 if request.method == "POST" else 200
    return render(request, "usage/limits.html", {"form": form, "workspace": workspace}, status=status)


def _save(form: LimitsForm, workspace: Workspace, user: User) -> None:
    before = limits_of(workspace)
    form.save(workspace)
    changed = {name: limit for name, limit in limits_of(workspace).items() if limit != before[name]}
    if changed:
        record(workspace, user, "workspace.limits", workspace.name, **changed)


def _asked(request: SignedInRequest, membership: Membership) -> tuple[int, User | None, str]:
    """Days, member (None: everybody), model. What is none of the choices counts as not asked for."""
    text = request.GET.get("days", "")
    days = int(text) if text.isascii() and text.isdigit() and len(text) < 4 and int(text) in PERIODS else _DEFAULT_DAYS
    member: User | None = membership.user
    if sees_everybody(membership):
        member = User.objects.filter(
            username=request.GET.get("member", ""), memberships__workspace=membership.workspace
        ).first()
    return days, member, request.GET.get("model", "")[:200]


def _table(rows: Iterable[DailyUsage]) -> Iterator[list[Any]]:
    yield ["day", "member", "model", *COUNTS]
    for row in rows:
        counts = (getattr(row, name) for name in COUNTS)
        yield [row.day.isoformat(), row.member.get_username(), row.model_id, *counts]
