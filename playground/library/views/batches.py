"""Batches: starting one, its result grid, stopping it, its results as a file."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from playground.connections.catalogue import list_models
from playground.http import SignedInRequest, absolute, wants_part
from playground.library import batches, grid
from playground.library.access import batch_or_404, batch_to_stop, may_edit, may_stop, prompt_to_use, version_or_404
from playground.library.batch_form import BatchForm
from playground.library.variables import Variable
from playground.spreadsheets import write_table
from playground.workspaces.audit import record


@require_http_methods(["GET", "POST"])
@login_required
def new_batch(request: SignedInRequest, prompt_id: UUID) -> HttpResponse:
    """`version` is a number, that of the newest one if it is left out."""
    prompt = prompt_to_use(request.user, prompt_id)
    number = request.GET.get("version", "")
    version = version_or_404(prompt, int(number) if number.isdecimal() and len(number) < 10 else _newest(prompt))
    variables = [Variable.from_json(data) for data in version.variables]
    models = list_models(prompt.workspace)
    form = BatchForm(
        prompt.workspace,
        variables,
        models,
        request.POST or None,
        request.FILES or None,
        model_ids=version.model_ids,
    )
    if request.method == "POST" and form.is_valid():
        title = _("Batch: %(name)s v%(number)d") % {"name": prompt.name, "number": version.number}
        return redirect(batches.create(request.user, version, form.model_ids, form.rows, title))
    context = {"prompt": prompt, "version": version, "variables": variables, "form": form}
    return render(request, "library/new_batch.html", context, status=422 if form.is_bound else 200)


@require_GET
@login_required
@vary_on_headers("HX-Request")
def batch(request: SignedInRequest, batch_id: UUID) -> HttpResponse:
    """The result grid. `sort` names a column, as `grid.sorted_rows` has it. HTMX gets the results alone."""
    found = batch_or_404(request.user, batch_id)
    results = grid.load(found)
    sort = request.GET.get("sort", "row")
    context: dict[str, Any] = {
        "batch": found,
        "prompt": found.version.prompt,
        "grid": results,
        "page": grid.page_of(results, sort, request.GET.get("page")),
        "sort": sort,
        "query": f"sort={sort}" if sort != "row" else "",
        "may_stop": may_stop(request.user, found),
        "may_edit": may_edit(request.user, found.version.prompt.workspace),
    }
    return render(request, "library/batch.html#results" if wants_part(request) else "library/batch.html", context)


@require_POST
@login_required
def stop_batch(request: SignedInRequest, batch_id: UUID) -> HttpResponse:
    found = batch_to_stop(request.user, batch_id)
    batches.stop(found)
    return redirect(found)


@require_GET
@login_required
def export_batch(request: SignedInRequest, batch_id: UUID) -> HttpResponse:
    """All rows with the whole answers, as CSV."""
    found = batch_or_404(request.user, batch_id)

    def address(run_id: UUID) -> str:
        return absolute(request, reverse("history:run", args=[run_id]))

    prompt = found.version.prompt
    name = slugify(prompt.name, allow_unicode=False) or "prompt"
    response = HttpResponse(write_table(grid.exported(grid.load(found), address)), content_type="text/csv")
    response["Content-Disposition"] = f'attachment; filename="batch-{name}-v{found.version.number}.csv"'
    record(prompt.workspace, request.user, "export.batch", found.session, subject_id=found.pk)
    return response


def _newest(prompt: Any) -> int:
    return int(prompt.versions.order_by("-number").values_list("number", flat=True)[0])
