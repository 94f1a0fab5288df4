"""The audit log, for owners."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from playground.http import SignedInRequest
from playground.spreadsheets import write_table
from playground.workspaces.access import membership_of_owner
from playground.workspaces.audit import record
from playground.workspaces.audit_queries import AuditFilter, page_of
from playground.workspaces.audit_words import details_in_words, grouped_actions, words_of
from playground.workspaces.members import members_of
from playground.workspaces.models import AuditEntry

_MOST_ROWS: Final = 50_000


@login_required
@require_GET
def entries(request: SignedInRequest) -> HttpResponse:
    """Newest first, a page at a time; `?action=` and `?by=` narrow it."""
    workspace = membership_of_owner(request.user).workspace
    chosen = AuditFilter.of(request.GET)
    found, after = page_of(chosen.entries(workspace), request.GET.get("after", ""))
    names = {member.user.username for member in members_of(workspace)}
    context = {
        "workspace": workspace,
        "rows": [(entry, words_of(entry.action), details_in_words(entry.details)) for entry in found],
        "chosen": chosen,
        "groups": grouped_actions(),
        "names": sorted({*names, chosen.by} - {""}),
        "is_first": "after" not in request.GET,
        "next": chosen.query(after=after) if after else "",
        "first": chosen.query(),
    }
    return render(request, "workspaces/audit.html", context)


@never_cache
@login_required
@require_GET
def download(request: SignedInRequest) -> HttpResponse:
    """The same entries as CSV, the newest 50,000 of them. That it was downloaded is an entry, too."""
    workspace = membership_of_owner(request.user).workspace
    chosen = AuditFilter.of(request.GET)
    text = write_table(_table(chosen.entries(workspace)[:_MOST_ROWS]))
    record(workspace, request.user, "export.audit", format="CSV")
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="audit-{timezone.now():%Y-%m-%d}.csv"'
    return response


def _table(found: Iterable[AuditEntry]) -> Iterator[list[Any]]:
    yield ["time", "who", "action", "subject", "subject_id", "details"]
    for entry in found:
        details = json.dumps(entry.details, ensure_ascii=False, sort_keys=True) if entry.details else ""
        about = (entry.actor_name, entry.action, entry.subject, entry.subject_id)
        yield [entry.created_at.isoformat(), *about, details]
