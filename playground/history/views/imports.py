"""The page on which recordings are brought in."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from playground.history.access import workspace_to_import_into
from playground.history.import_form import ImportForm, found_in_words
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
            kept = import_file(file, file.name, workspace, request.user, form.wanted())
        except CannotImport as error:
            form.refuse(error)
        else:
            messages.success(request, found_in_words(kept))
            return redirect(kept[0].session if len(kept) == 1 else "history:sessions")
    return render(request, "history/import.html", {"form": form}, status=422)
