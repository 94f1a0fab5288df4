"""Owners invite by link, and revoke the links."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from playground import shown_once
from playground.accounts import mail
from playground.http import SignedInRequest
from playground.workspaces import invitations
from playground.workspaces.access import membership_of_owner
from playground.workspaces.addresses import absolute_url
from playground.workspaces.forms import InvitationForm
from playground.workspaces.models import Workspace
from playground.workspaces.views.members_page import NewLink, members_page, show_link


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: SignedInRequest) -> HttpResponse:
    """A POST makes a link; a GET, as of who reloads a form that was refused, leads to where the form is."""
    membership = membership_of_owner(request.user)
    if request.method != "POST":
        return redirect("workspaces:members")
    form = InvitationForm(request.POST)
    if not form.is_valid():
        return members_page(request, membership, form=form, status=422)
    offer = form.offer()
    token, invitation = invitations.invite(request.user, membership.workspace, offer)
    url = absolute_url(request, "workspaces:join", token=token)
    sent = bool(offer.email) and _send(request, membership.workspace, offer, url)
    addresses = {"sent_to": offer.email if sent else "", "not_sent_to": "" if sent else offer.email}
    link = NewLink(url, invitation=str(invitation.pk), **addresses)
    return show_link(request, membership.workspace, link)


@login_required
@require_POST
def revoke(request: SignedInRequest, invitation_id: int) -> HttpResponse:
    invitations.revoke(request.user, membership_of_owner(request.user).workspace, invitation_id)
    shown_once.forget(request)
    messages.success(request, _("The invitation is revoked: its link lets nobody in any more."))
    return redirect("workspaces:members")


def _send(request: SignedInRequest, workspace: Workspace, offer: invitations.Offer, url: str) -> bool:
    words = {"inviter": request.user.username, "workspace": workspace.name}
    context = {**words, "role": offer.role.label, "offer": offer, "url": url}
    subject = _("%(inviter)s invites you to “%(workspace)s”") % words
    return mail.send(" ".join(subject.split()), render_to_string("workspaces/invitation.txt", context), offer.email)
