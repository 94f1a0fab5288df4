"""Threads and comments."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from playground.errors import InvalidField
from playground.http import SignedInRequest
from playground.review import discussion
from playground.review.access import comment_to_delete, comment_to_edit, session_or_404, thread_or_404
from playground.review.anchors import read_anchor
from playground.review.forms import CommentForm, first_error
from playground.review.mentions import inbox, mark_seen
from playground.review.views.panel import changed, panel


@require_POST
@login_required
@vary_on_headers("HX-Request")
def start(request: SignedInRequest, session_id: UUID) -> HttpResponse:
    """A new thread: see `anchors.read_anchor` for what the form says of its place."""
    session = session_or_404(request.user, session_id)
    form = CommentForm(request.POST)
    try:
        thread = read_anchor(session, request.POST)
    except InvalidField as error:
        return panel(request, session, _refused("compose", request, error.message), status=422)
    if not form.is_valid():
        return panel(request, session, _refused("compose", request, first_error(form)), status=422)
    untold = discussion.start_thread(thread, request.user, form.cleaned_data["body"])
    return changed(request, session, untold=untold, at=f"#thread-{thread.pk}")


@require_GET
@login_required
def thread(request: SignedInRequest, thread_id: UUID) -> HttpResponse:
    """The lasting address of a thread. Who follows it has seen where they are mentioned in it."""
    found = thread_or_404(request.user, thread_id)
    mark_seen(inbox(request.user, found.session.workspace).filter(comment__thread=found))
    return redirect(f"{reverse('review:session', args=[found.session_id])}?show=all#thread-{found.pk}")


@require_POST
@login_required
@vary_on_headers("HX-Request")
def reply(request: SignedInRequest, thread_id: UUID) -> HttpResponse:
    found = thread_or_404(request.user, thread_id)
    form = CommentForm(request.POST)
    if not form.is_valid():
        return panel(request, found.session, _refused(str(found.pk), request, first_error(form)), status=422)
    untold = discussion.add_comment(found, request.user, form.cleaned_data["body"])
    return changed(request, found.session, untold=untold, at=f"#thread-{found.pk}")


@require_POST
@login_required
@vary_on_headers("HX-Request")
def resolve(request: SignedInRequest, thread_id: UUID) -> HttpResponse:
    """`resolved` is 1, or 0 to open it again."""
    found = thread_or_404(request.user, thread_id)
    discussion.resolve(found, request.user, resolved=request.POST.get("resolved") == "1")
    return changed(request, found.session, at=f"#thread-{found.pk}")


@require_POST
@login_required
@vary_on_headers("HX-Request")
def edit(request: SignedInRequest, comment_id: int) -> HttpResponse:
    comment = comment_to_edit(request.user, comment_id)
    session = comment.thread.session
    form = CommentForm(request.POST)
    if not form.is_valid():
        more = {**_refused(f"comment-{comment_id}", request, first_error(form)), "edit": str(comment_id)}
        return panel(request, session, more, status=422)
    untold = discussion.edit_comment(comment, form.cleaned_data["body"])
    return changed(request, session, untold=untold, at=f"#thread-{comment.thread_id}")


@require_POST
@login_required
@vary_on_headers("HX-Request")
def delete(request: SignedInRequest, comment_id: int) -> HttpResponse:
    comment = comment_to_delete(request.user, comment_id)
    thread_stays = discussion.delete_comment(comment)
    at = f"#thread-{comment.thread_id}" if thread_stays else ""
    return changed(request, comment.thread.session, at=at)


def _refused(where: str, request: SignedInRequest, message: str) -> dict[str, Any]:
    """What is wrong with which form, and all that was typed into it."""
    typed = request.POST.dict()
    refused = {"where": where, "message": message, "body": typed.get("body", "")}
    pinned = {name: typed[name] for name in ("anchor", "quote", "near", "seq", "t") if typed.get(name)}
    return {"refused": refused, "pinned": pinned} if where == "compose" else {"refused": refused}
