"""Two runs compared: of one turn, of two sessions, of two workspaces that the reader is in."""

from typing import Final

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from playground.errors import InvalidField
from playground.http import SignedInRequest, uuid_or_404
from playground.replay.access import run_or_404
from playground.replay.candidates import candidates, run_meant
from playground.replay.panels import comparison
from playground.runs.models import Run

_QUERY: Final = 200  # characters


@require_GET
@login_required
def compare(request: SignedInRequest) -> HttpResponse:
    """`?a=` and `?b=` are runs; `?by=chunks` cuts their answers as the providers did. With one of them or none, or
    with `?change=`, a page to choose the other; `?other=` is what was pasted there,
    `?q=` what is searched for.
    """
    a, b = (_named(request, name) for name in ("a", "b"))
    if a is None or b is None or "change" in request.GET or "other" in request.GET:
        return _choose(request, a or b)
    by = "chunks" if request.GET.get("by") == "chunks" else ""
    context = {
        **comparison(a, b, by_chunk=bool(by)),
        "address": _address(a, b),
        "swapped": f"?{_query(a=str(b.pk), b=str(a.pk), by=by)}",
    }
    return render(request, "replay/compare.html", context)


def _named(request: SignedInRequest, name: str) -> Run | None:
    written = request.GET.get(name)
    return run_or_404(request.user, uuid_or_404(written)) if written else None


def _choose(request: SignedInRequest, run: Run | None) -> HttpResponse:
    other = request.GET.get("other", "")
    problem = ""
    if other:
        try:
            return HttpResponseRedirect(_address(run, run_meant(request.user, other)))
        except InvalidField as error:
            problem = error.message
    query = request.GET.get("q", "").strip()[:_QUERY]
    groups = [
        (heading, [(choice, _address(run, choice), _title(choice)) for choice in choices])
        for heading, choices in candidates(request.user, run, query)
    ]
    context = {"run": run, "groups": groups, "other": other, "problem": problem, "query": query}
    return render(request, "replay/choose.html", context, status=422 if problem else 200)


def _title(run: Run) -> str:
    """Of its session; "" if that only repeats the prompt."""
    title = run.turn.session.shown_title
    return "" if " ".join(run.turn.prompt.split()).startswith(title.rstrip("…")) else title


def _address(first: Run | None, second: Run) -> str:
    """Of the comparison, or of the page to choose the second run."""
    pair = {"a": str(first.pk), "b": str(second.pk)} if first else {"a": str(second.pk)}
    return f"{reverse('replay:compare')}?{_query(**pair)}"


def _query(**values: str) -> str:
    query = QueryDict(mutable=True)
    query.update({name: value for name, value in values.items() if value})
    return query.urlencode()
