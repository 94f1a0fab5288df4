"""The pages of the prompt library: the list, one prompt, writing and deleting."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from playground.errors import InvalidField
from playground.http import SignedInRequest, uuid_of, uuid_or_404, wants_part
from playground.library import services
from playground.library.access import (
    deletable_prompts,
    may_edit,
    prompt_or_404,
    prompt_to_delete,
    prompt_to_use,
    restorable_prompt_or_404,
    restorable_prompts,
    turn_or_404,
    version_or_404,
    version_to_use,
    workspace_to_edit,
)
from playground.library.differences import differences
from playground.library.forms import PromptForm, about_initial, content_initial, initial_of
from playground.library.models import Prompt, PromptVersion
from playground.library.queries import (
    LibraryForm,
    batches_of,
    forks_of,
    prompt_page,
    sessions_using,
    used_tags,
    versions_of,
)
from playground.library.services import Content, Moved
from playground.library.sources import DRAFT, content_of_turn
from playground.library.variables import Variable
from playground.workspaces.access import current_workspace
from playground.workspaces.models import Workspace


@require_GET
@login_required
@vary_on_headers("HX-Request")
def prompts(request: SignedInRequest) -> HttpResponse:
    """The library of the current workspace. HTMX gets the list alone."""
    workspace = current_workspace(request.user)
    form = LibraryForm(request.GET)
    context = {
        "form": form,
        "page": prompt_page(request.user, workspace, form, request.GET.get("page")),
        "tags": used_tags(workspace),
        "may_edit": may_edit(request.user, workspace),
        "query": _query(request.GET, without="page"),
        "without_tag": _query(request.GET, without="tag"),
    }
    if wants_part(request):
        return render(request, "library/prompts.html#results", context)
    return render(request, "library/prompts.html", {**context, "undo": _just_deleted(request)})


@require_GET
@login_required
def prompt(request: SignedInRequest, prompt_id: UUID) -> HttpResponse:
    """One prompt. `version` is a number, that of the newest one if it is left out."""
    found = prompt_or_404(request.user, prompt_id)
    shown = _version_asked(found, request.GET.get("version"))
    context = {
        "prompt": found,
        "version": shown,
        "is_current": shown.pk == found.current_id,
        "variables": [Variable.from_json(data) for data in shown.variables],
        "versions": versions_of(found),
        "sessions": sessions_using(request.user, found),
        "batches": batches_of(request.user, found),
        "forks": forks_of(request.user, found),
        "origin": _visible_origin(request, found),
        "may_edit": may_edit(request.user, found.workspace),
        "may_delete": deletable_prompts(request.user).filter(pk=found.pk).exists(),
    }
    return render(request, "library/prompt.html", context)


@require_http_methods(["GET", "POST"])
@login_required
def new(request: SignedInRequest) -> HttpResponse:
    """A new prompt: empty, or from `?fork=<version>`, `?turn=<turn>` or what was last kept from the composer."""
    workspace = workspace_to_edit(request.user)
    if request.method == "GET":
        return _form_page(request, _new_form(request, workspace))
    form = PromptForm(request.POST)
    if "find" in request.POST or not form.is_valid():
        return _form_page(request, form)
    forked = form.cleaned_data["fork"]
    origin = version_to_use(request.user, workspace, forked) if forked else None
    note = form.cleaned_data["note"]
    try:
        made = services.create(request.user, workspace, form.about(), form.content(), note=note, forked_from=origin)
    except InvalidField as error:
        form.refuse(error)
        return _form_page(request, form)
    request.session.pop(DRAFT, None)
    messages.success(request, _("The prompt “%s” is saved.") % made.name)
    return redirect(made)


@require_http_methods(["GET", "POST"])
@login_required
def edit(request: SignedInRequest, prompt_id: UUID) -> HttpResponse:
    """A changed text becomes a new version. Who was overtaken by someone else sees what that one changed (409)."""
    found = prompt_to_use(request.user, prompt_id)
    newest = found.versions.order_by("-number")[0]
    if request.method == "GET":
        initial = {**about_initial(found), **initial_of(newest), "base": newest.number}
        return _form_page(request, PromptForm(initial=initial, stored=newest.variables), found)
    form = PromptForm(request.POST, stored=newest.variables)
    if "find" in request.POST or not form.is_valid():
        return _form_page(request, form, found)
    data = form.cleaned_data
    try:
        saved = services.change(
            request.user, found, form.about(), form.content(), base=data["base"] or 0, note=data["note"]
        )
    except Moved as error:
        return _overtaken(request, form, found, error)
    except InvalidField as error:
        form.refuse(error)
        return _form_page(request, form, found)
    messages.success(request, _("Saved. The newest version is %(number)d.") % {"number": saved.number})
    return redirect(found)


@require_POST
@login_required
def delete(request: SignedInRequest, prompt_id: UUID) -> HttpResponse:
    """Hide a prompt, and offer to undo that."""
    found = prompt_to_delete(request.user, prompt_id)
    services.delete(request.user, found)
    return redirect(f"{reverse('library:prompts')}?undo={found.pk}")


@require_POST
@login_required
def restore(request: SignedInRequest, prompt_id: UUID) -> HttpResponse:
    """Undo a deletion."""
    found = restorable_prompt_or_404(request.user, prompt_id)
    services.restore(request.user, found)
    return redirect(found)


def _form_page(
    request: SignedInRequest, form: PromptForm, prompt: Prompt | None = None, *, status: int = 0, **more: Any
) -> HttpResponse:
    is_wrong = form.is_bound and "find" not in request.POST
    if form.is_bound and not is_wrong:
        form = PromptForm(initial=request.POST.dict(), stored=[row.variable.as_json() for row in form.rows])
    context = {"form": form, "prompt": prompt, **more}
    return render(request, "library/form.html", context, status=status or (422 if is_wrong else 200))


def _overtaken(request: SignedInRequest, form: PromptForm, prompt: Prompt, error: Moved) -> HttpResponse:
    """What was typed, and how it differs from what is there now; saving it again goes ahead."""
    typed = {**request.POST.dict(), "base": error.newest.number}
    again = PromptForm(initial=typed, stored=[row.variable.as_json() for row in form.rows])
    content = form.content()
    changes = {
        "newest": error.newest,
        "system_changes": differences(error.newest.system, content.system),
        "text_changes": differences(error.newest.text, content.text),
    }
    return _form_page(request, again, prompt, status=error.status, overtaken=error.message, **changes)


def _new_form(request: SignedInRequest, workspace: Workspace) -> PromptForm:
    if forked := request.GET.get("fork", ""):
        version = version_to_use(request.user, workspace, int(forked) if forked.isdecimal() else 0)
        name = services.free_name(workspace, version.prompt.name)
        initial = {**about_initial(version.prompt), **initial_of(version), "name": name, "fork": version.pk}
        return PromptForm(initial=initial, stored=version.variables)
    if turn := request.GET.get("turn", ""):
        found = turn_or_404(request.user, uuid_or_404(turn))
        return PromptForm(initial=content_initial(content_of_turn(found)))
    if "draft" in request.GET and (kept := request.session.get(DRAFT)):
        return PromptForm(initial=content_initial(Content(**kept)))
    return PromptForm()


def _version_asked(prompt: Prompt, number: str | None) -> PromptVersion:
    if number is None:
        return prompt.versions.select_related("created_by").order_by("-number")[0]
    return version_or_404(prompt, int(number) if number.isdecimal() else 0)


def _visible_origin(request: SignedInRequest, prompt: Prompt) -> PromptVersion | None:
    """What the prompt was forked from, if the reader may know."""
    if prompt.forked_from_id is None:
        return None
    visible = PromptVersion.objects.filter(prompt__workspace=prompt.workspace, prompt__deleted_at=None)
    return visible.select_related("prompt").filter(pk=prompt.forked_from_id).first()


def _just_deleted(request: SignedInRequest) -> Prompt | None:
    prompt_id = uuid_of(request.GET.get("undo", ""))
    return restorable_prompts(request.user).filter(pk=prompt_id).first() if prompt_id else None


def _query(query: QueryDict, *, without: str) -> str:
    """The filters that are set, but one, as a query string."""
    values = QueryDict(mutable=True)
    for name in LibraryForm.base_fields:
        if name != without and (value := query.get(name)):
            values[name] = value
    return values.urlencode()
