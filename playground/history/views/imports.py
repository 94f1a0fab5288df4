"""The page on which exported sessions are brought in."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from playground.history.access import workspace_to_import_into
from playground.history.import_form import ImportForm
from playground.history.imports import CannotImport, import_file
from playground.http import SignedInRequest


@require_http_methods(["GET", "POST"])
@login_required
def import_sessions(request: SignedInRequest) -> HttpResponse:
    """POST: save what `file` holds; leads to the session, or to the list if there are several."""
    workspace = workspace_to_import_into(request.user)
    if request.method == "GET":
        return render(request, "history/import.html", {"form": ImportForm()})
    form = ImportForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            imported = import_file(file, file.name, workspace, request.user)
        except CannotImport as error:
            form.add_error("file", str(error))
        else:
            words = ngettext("%(count)d session was imported.", "%(count)d sessions were imported.", len(imported))
            messages.success(request, words % {"count": len(imported)})
            return redirect(imported[0] if len(imported) == 1 else "history:sessions")
    return render(request, "history/import.html", {"form": form}, status=422)
