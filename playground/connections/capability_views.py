"""The capability table: what the models of a workspace do, as it was measured."""

from typing import Any, Final

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from playground.connections.access import workspace_to_change, workspace_to_compare
from playground.connections.capabilities import columns, legend, shown
from playground.connections.measurements import Row, measure_named, table_of
from playground.connections.measuring import MOST_TOKENS
from playground.errors import PlaygroundError
from playground.workspaces.access import has_role
from playground.workspaces.models import Role

_MOST_AT_ONCE: Final = 20


@login_required
@require_http_methods(["GET", "HEAD"])
def capabilities(request: HttpRequest) -> HttpResponse:
    workspace = workspace_to_compare(request.user)
    context = {
        "columns": columns(),
        "rows": [shown(row) for row in table_of(workspace)],
        "legend": legend(),
        "may_measure": has_role(request.user, workspace, Role.OWNER),
        "may_list": has_role(request.user, workspace, Role.EDITOR),
        "most_tokens": MOST_TOKENS,
    }
    return render(request, "connections/capabilities.html", context)


@login_required
@require_POST
async def measure(request: HttpRequest) -> HttpResponse:
    """One model, now. HTMX gets its row."""
    workspace = await sync_to_async(workspace_to_change)(request.user)
    row = await measure_named(workspace, request.POST.get("connection", ""), request.POST.get("model", ""))
    if not request.headers.get("HX-Request"):
        return redirect(reverse("connections:capabilities") + f"#model-{row.key}")
    context: dict[str, Any] = {"shown": await sync_to_async(shown)(row), "may_measure": True}
    response = await sync_to_async(render)(request, "connections/_capability_row.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@login_required
@require_POST
async def measure_all(request: HttpRequest) -> HttpResponse:
    """The posted models, one after the other: first those that were never measured, or longest ago. Without scripts."""
    workspace = await sync_to_async(workspace_to_change)(request.user)
    chosen = set(request.POST.getlist("model"))
    rows = [row for row in await sync_to_async(table_of)(workspace) if row.name in chosen and not row.reason]
    rows.sort(key=_measured_at)
    measured = 0
    for row in rows[:_MOST_AT_ONCE]:
        try:
            await measure_named(workspace, row.connection, row.model)
            measured += 1
        except PlaygroundError as error:
            await sync_to_async(messages.warning)(request, f"{row.name}: {error.message}")
    text = ngettext("%(count)d model is measured.", "%(count)d models are measured.", measured) % {"count": measured}
    if len(rows) > _MOST_AT_ONCE:
        text += " " + _("There are more: measure again to go on with them.")
    await sync_to_async(messages.success)(request, text)
    return redirect("connections:capabilities")


def _measured_at(row: Row) -> float:
    return row.measured_at.timestamp() if row.measured_at else 0.0
