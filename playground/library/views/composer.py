"""The library in the composer: insert a prompt, see it filled in, keep what was typed as a prompt."""

from dataclasses import asdict

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRedirect

from playground.http import SignedInRequest, uuid_of, wants_part
from playground.library.access import workspace_to_edit
from playground.library.filling import posted_filling
from playground.library.queries import found_prompts
from playground.library.sources import DRAFT, content_of_composer
from playground.workspaces.access import current_workspace


@require_GET
@login_required
@vary_on_headers("HX-Request")
def find(request: SignedInRequest) -> HttpResponse:
    """Prompts to insert, those that hold the words `q`; `session` is the address of the session they go into."""
    if not wants_part(request):
        return redirect("library:prompts")
    workspace = current_workspace(request.user)
    session = request.GET.get("session", "")
    context = {
        "prompts": found_prompts(request.user, workspace, request.GET.get("q", "")),
        "q": request.GET.get("q", ""),
        "target": reverse("prompts:session", args=[session]) if uuid_of(session) else reverse("prompts:playground"),
    }
    return render(request, "library/_found.html", context)


@require_POST
@login_required
def preview(request: SignedInRequest) -> HttpResponse:
    """The composer's prompt with the values that are typed so far."""
    workspace = workspace_to_edit(request.user)
    filling = posted_filling(request.user, workspace, request.POST)
    return render(request, "library/_preview.html", {"filling": filling})


@require_POST
@login_required
def draft(request: SignedInRequest) -> HttpResponse:
    """Keep what stands in the composer, and go on to the form that makes it a prompt."""
    workspace_to_edit(request.user)
    request.session[DRAFT] = asdict(content_of_composer(request.POST))
    target = f"{reverse('library:new')}?draft=1"
    return HttpResponseClientRedirect(target) if wants_part(request) else redirect(target)
