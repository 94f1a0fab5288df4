"""The list of a workspace's rules, and the forms of one."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from playground.errors import PlaygroundError
from playground.filters.access import may_change, membership_to_view, rule_to_change, workspace_to_change
from playground.filters.forms import PARTS, RuleForm
from playground.filters.models import FilterRule, Part
from playground.filters.patterns import BadPattern, compile_pattern
from playground.filters.presets import PRESETS
from playground.filters.services import add_rule, change_rule, delete_rule, move_rule
from playground.http import SignedInRequest, wants_part
from playground.workspaces.models import Workspace


@require_GET
@login_required
def rules(request: SignedInRequest) -> HttpResponse:
    workspace = membership_to_view(request.user).workspace
    context = {**_listed(request, workspace), "workspace": workspace, "presets": PRESETS}
    return render(request, "filters/rules.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new(request: SignedInRequest) -> HttpResponse:
    """A form with what the address gives: `preset`, or `name`, `part`, `pattern`, `replacement`."""
    workspace = workspace_to_change(request.user)
    form = RuleForm(request.POST or None, initial=_given(request))
    if request.method == "POST" and form.is_valid():
        try:
            made = add_rule(request.user, workspace, **form.cleaned_data)
        except PlaygroundError as error:
            form.refuse(error)
        else:
            messages.success(request, _("“%(name)s” is saved.") % {"name": made.name})
            return redirect("filters:rules")
    return _form(request, form, {"presets": PRESETS})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit(request: SignedInRequest, rule_id: int) -> HttpResponse:
    rule = rule_to_change(request.user, rule_id)
    initial = {name: getattr(rule, name) for name in RuleForm.base_fields}
    form = RuleForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            change_rule(request.user, rule, **form.cleaned_data)
        except PlaygroundError as error:
            form.refuse(error)
        else:
            messages.success(request, _("“%(name)s” is saved.") % {"name": rule.name})
            return redirect("filters:rules")
    return _form(request, form, {"rule": FilterRule.objects.get(pk=rule.pk)})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def delete(request: SignedInRequest, rule_id: int) -> HttpResponse:
    rule = rule_to_change(request.user, rule_id)
    if request.method == "POST":
        delete_rule(request.user, rule)
        messages.success(request, _("“%(name)s” is deleted.") % {"name": rule.name})
        return redirect("filters:rules")
    return render(request, "filters/delete.html", {"rule": rule})


@require_POST
@login_required
@vary_on_headers("HX-Request")
def move(request: SignedInRequest, rule_id: int) -> HttpResponse:
    """`to`: up or down."""
    rule = rule_to_change(request.user, rule_id)
    move_rule(request.user, rule, up=request.POST.get("to") == "up")
    return _changed(request, rule)


@require_POST
@login_required
@vary_on_headers("HX-Request")
def enable(request: SignedInRequest, rule_id: int) -> HttpResponse:
    """`enabled`: on, or not there."""
    rule = rule_to_change(request.user, rule_id)
    change_rule(request.user, rule, is_enabled=request.POST.get("enabled") == "on")
    return _changed(request, rule)


def _changed(request: SignedInRequest, rule: FilterRule) -> HttpResponse:
    if not wants_part(request):
        return redirect("filters:rules")
    return render(request, "filters/rules.html#rules", _listed(request, rule.workspace))


def _listed(request: SignedInRequest, workspace: Workspace) -> dict[str, Any]:
    found = list(workspace.filter_rules.all())
    return {
        "rows": [(rule, PARTS[Part(rule.part)], _width(rule)) for rule in found],
        "enabled": sum(rule.is_enabled for rule in found),
        "may_change": may_change(request.user, workspace),
    }


def _width(rule: FilterRule) -> int:
    """How many characters it may hold back; 0 if the engine does not take it any more."""
    try:
        return compile_pattern(rule.pattern).width
    except BadPattern:
        return 0


def _given(request: SignedInRequest) -> dict[str, Any]:
    preset = next((each for each in PRESETS if each.key == request.GET.get("preset")), None)
    if preset is not None:
        fields = ("name", "part", "pattern", "replacement")
        return {name: getattr(preset, name) for name in fields}
    return {name: request.GET[name] for name in ("name", "part", "pattern", "replacement") if name in request.GET}


def _form(request: SignedInRequest, form: RuleForm, context: dict[str, Any]) -> HttpResponse:
    status = 422 if request.method == "POST" else 200
    return render(request, "filters/form.html", {"form": form, **context}, status=status)
