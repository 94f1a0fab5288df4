"""The lab: a rule, or all of them, on a recording."""

import contextlib
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from playground.accounts.models import User
from playground.filters.access import may_change, membership_to_view, runs_to_try
from playground.filters.analysis import MAX_CHARACTERS, Arrival, Report, arrivals, examine
from playground.filters.drawing import render_marks
from playground.filters.forms import PARTS, PatternForm
from playground.filters.models import Part
from playground.filters.patterns import BadPattern
from playground.filters.replacement import BadReplacement
from playground.filters.streaming import compile_rule
from playground.http import SignedInRequest, wants_part
from playground.recording.units import duration
from playground.runs.models import Run
from playground.runs.reader import open_log
from playground.workspaces.models import Workspace

_RECENT: Final = 12
_RULE: Final = ("part", "pattern", "replacement", "name")
_ID: Final = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)


Named = tuple[str, str, str, str]
"""A rule: its name, part, pattern, replacement."""


class LabForm(PatternForm):
    """`needs_rule` False: the enabled rules are applied, and what is typed of another is only kept."""

    run = forms.CharField(
        label=gettext_lazy("Recording"),
        max_length=500,
        help_text=gettext_lazy("The address of a run, or its id."),
        error_messages={"required": gettext_lazy("Choose a recording first: give the address of a run, or pick one.")},
    )
    name = forms.CharField(required=False, max_length=120, widget=forms.HiddenInput)

    field_order = ("run", "part", "pattern", "replacement", "name")

    def __init__(self, data: Any = None, *, initial: Mapping[str, Any] | None = None, needs_rule: bool = True) -> None:
        super().__init__(data, initial=initial)
        self._needs_rule = needs_rule
        self.fields["part"].required = self.fields["pattern"].required = needs_rule

    def clean_pattern(self) -> str:
        return super().clean_pattern() if self._needs_rule else ""


class Applied(NamedTuple):
    """A rule and what it did, for the page."""

    name: str
    part: Any
    report: Report
    html: SafeString
    facts: list[tuple[Any, str]]


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@vary_on_headers("HX-Request")
def lab(request: SignedInRequest) -> HttpResponse:
    """`run`; `pattern`, `replacement` and `part`, or `what=all` for the enabled rules. POST changes nothing either."""
    workspace = membership_to_view(request.user).workspace
    data = request.POST if request.method == "POST" else request.GET
    is_asked = "what" in data or "pattern" in data
    form = LabForm(data if is_asked else None, needs_rule=data.get("what") != "all", initial=data.dict())
    run = _run(request.user, workspace, data.get("run", ""))
    applied: list[Applied] | None = None
    if is_asked and data.get("run") and run is None:
        form.add_error("run", _("There is no such recording in this workspace, or it is not yours."))
    if is_asked and form.is_valid() and run is not None:
        written = form.cleaned_data
        one = [(_("This rule"), written["part"], written["pattern"], written["replacement"])]
        applied = _apply(run, _enabled(workspace) if data.get("what") == "all" else one)
    context = {
        "form": form,
        "run": run,
        "applied": applied,
        "recent": runs_to_try(request.user, workspace).order_by("-created_at")[:_RECENT],
        "kept": urlencode({name: data[name] for name in _RULE if data.get(name)}),
        "enabled": workspace.filter_rules.filter(is_enabled=True).count(),
        "most": MAX_CHARACTERS,
        "may_change": may_change(request.user, workspace),
    }
    page = "filters/lab.html#lab" if wants_part(request) else "filters/lab.html"
    status = 422 if is_asked and not form.is_valid() and not wants_part(request) else 200
    return render(request, page, context, status=status)


def _run(user: User, workspace: Workspace, address: str) -> Run | None:
    match = _ID.search(address)
    return runs_to_try(user, workspace).filter(pk=match[0]).first() if match else None


def _enabled(workspace: Workspace) -> list[Named]:
    rules = workspace.filter_rules.filter(is_enabled=True)
    return [(rule.name, rule.part, rule.pattern, rule.replacement) for rule in rules]


def _apply(run: Run, rules: Iterable[Named]) -> list[Applied]:
    """Each rule of a part on what the one before it shows. A rule that the engine does not take is left out."""
    events = open_log(run).events
    end = events[-1].t if events else 0
    came = {part: arrivals(events, part) for part in Part.values}
    if not events:
        came = {Part.TEXT: [Arrival(0, run.text)], Part.REASONING: [Arrival(0, run.reasoning)]}
    applied = []
    for name, part, pattern, replacement in rules:
        with contextlib.suppress(BadPattern, BadReplacement):
            report = examine(compile_rule(pattern, replacement), came[part], end)
            came[part] = report.shown
            applied.append(Applied(name, PARTS[Part(part)], report, render_marks(report.marks), _facts(report)))
    return applied


def _facts(report: Report) -> list[tuple[Any, str]]:
    return [
        (_("Matches"), str(report.matches)),
        (_("Cut by chunks"), str(report.cut)),
        (_("Characters removed"), str(report.removed)),
        (_("Characters inserted"), str(report.inserted)),
        (_("Held back at most"), ngettext("%d character", "%d characters", report.held_most) % report.held_most),
        (_("Held back for, longest"), duration(report.held_longest)),
        (_("Held back for, on average"), duration(round(report.held_mean))),
    ]
