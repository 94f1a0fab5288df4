"""The panel of a session: a page of its own without scripts, a part of the session's and the run's page with them."""

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import trigger_client_event

from playground.http import SignedInRequest, wants_part
from playground.review.access import may_redact, people_who_see, session_or_404
from playground.review.anchors import run_of, turn_of
from playground.review.marks import marks_of
from playground.review.models import Anchor, Review
from playground.review.news import CHANGED
from playground.review.panel import SHOW, Focus, discussion, focus_words
from playground.review.queue import queue, with_changes
from playground.review.ratings import opinions_of, scales_of
from playground.review.redactions import redactions_of
from playground.review.tags import known_tags, tags_of
from playground.runs.models import Session
from playground.workspaces.access import has_role
from playground.workspaces.models import Role

_FOCUS: Final = ("run", "turn", "show")
_PINNED: Final = ("anchor", "quote", "near", "seq", "t")
_MOST_PEOPLE: Final = 500


@require_GET
@login_required
@vary_on_headers("HX-Request")
def session(request: SignedInRequest, session_id: UUID) -> HttpResponse:
    """All that is said about a session, or about one of its turns or runs: `?run=`, `?turn=`, `?show=`.

    `?anchor=` with `quote` and `near`, `seq` or `t` begins a comment there; `?edit=` opens one of the user's own.
    """
    return panel(request, session_or_404(request.user, session_id), {})


@require_GET
@login_required
def marks(request: SignedInRequest, session_id: UUID) -> HttpResponse:
    """The counts and marks for the page of the session, asked for once it is shown and whenever something changed."""
    found = session_or_404(request.user, session_id)
    context = {
        "session": found,
        "marks": marks_of(found, request.user),
        "review": _review(request, found),
        "may_redact": may_redact(request.user, found),
    }
    return render(request, "review/_marks.html", context)


def panel(
    request: SignedInRequest, session: Session, more: dict[str, Any], *, status: int = 200, done: bool = False
) -> HttpResponse:
    """The panel as `request.GET` wants it. `done`: what was typed is stored, so the form for it is empty again."""
    context = {**_context(request, session, done=done), **more}
    again = _pick(request.GET, _FOCUS)
    again.update({**context["pinned"], **({"edit": context["edit"]} if context["edit"] else {})})
    again["mine"] = str(context["discussion"].compose_number)
    context["again"] = again.urlencode()
    if not wants_part(request):
        return render(request, "review/session.html", context, status=status)
    response = render(request, "review/_panel.html", context, status=status)
    return trigger_client_event(response, CHANGED) if done else response


def changed(request: SignedInRequest, session: Session, *, untold: list[str] = [], at: str = "") -> HttpResponse:  # noqa: B006
    """After a change: the panel anew, or, without scripts, back to it. `untold`: who was named and cannot see it."""
    if wants_part(request):
        return panel(request, session, {"untold": untold}, done=True)
    if untold:
        messages.warning(request, untold_words(untold))
    query = _pick(request.GET, _FOCUS).urlencode()
    return redirect(f"{reverse('review:session', args=[session.pk])}?{query}{at}")


def untold_words(names: list[str]) -> str:
    return _("Not told, since they cannot see this private session: %(names)s.") % {"names": ", ".join(names)}


def _context(request: SignedInRequest, session: Session, *, done: bool) -> dict[str, Any]:
    user, query = request.user, request.GET
    focus = _focus(session, query)
    show = query.get("show", "")
    show = show if show in SHOW else "open"
    people = list(people_who_see(session).values_list("username", flat=True)[:_MOST_PEOPLE])
    talk = discussion(session, user, focus, show, people)
    done = done or query.get("mine", "") not in ("", str(talk.compose_number))  # asked for before what was sent came in
    scales = scales_of(session.workspace) if focus.run else []
    is_editor = has_role(user, session.workspace, Role.EDITOR)
    hider = may_redact(user, session)
    return {
        "session": session,
        "focus": focus,
        "focus_words": focus_words(focus),
        "show": show,
        "filters": SHOW,
        "discussion": talk,
        "opinions": opinions_of(focus.run, user, scales) if focus.run else [],
        "pinned": {} if done else _pick(query, _PINNED).dict(),
        "default_anchor": Anchor.RUN if focus.run else Anchor.TURN if focus.turn else Anchor.SESSION,
        "query": _pick(query, _FOCUS).urlencode(),
        "edit": "" if done else query.get("edit", ""),
        "may_manage": is_editor,
        "may_redact": hider,
        "redactions": redactions_of(session) if hider and not (focus.run or focus.turn) else [],
        **({} if focus.run or focus.turn else _whole_session(request, session)),
    }


def _whole_session(request: SignedInRequest, session: Session) -> dict[str, Any]:
    return {
        "tags": tags_of(session),
        "known_tags": known_tags(session.workspace)[:_MOST_PEOPLE],
        "review": _review(request, session),
        "reviewers": people_who_see(session) if session.visibility == "workspace" else [],
    }


def _review(request: SignedInRequest, session: Session) -> Review | None:
    return with_changes(queue(request.user, session.workspace)).filter(session=session).first()


def _focus(session: Session, query: QueryDict) -> Focus:
    if run_id := query.get("run"):
        return Focus(run=run_of(session, run_id))
    turn_id = query.get("turn")
    return Focus(turn=turn_of(session, turn_id)) if turn_id else Focus()


def _pick(query: QueryDict, names: tuple[str, ...]) -> QueryDict:
    picked = QueryDict(mutable=True)
    picked.update({name: value for name in names if (value := query.get(name))})
    return picked
