"""The members of the current workspace: everyone sees them, owners change them, each may leave."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from playground.errors import InvalidField
from playground.http import SignedInRequest
from playground.workspaces import members as services
from playground.workspaces import resets
from playground.workspaces.access import current_membership, member_to_manage, membership_of_owner
from playground.workspaces.addresses import absolute_url
from playground.workspaces.models import Role
from playground.workspaces.views.members_page import NewLink, members_page, show_link


@never_cache
@login_required
@require_GET
def members(request: SignedInRequest) -> HttpResponse:
    return members_page(request, current_membership(request.user))


@login_required
@require_POST
def role(request: SignedInRequest, member_id: int) -> HttpResponse:
    member = member_to_manage(request.user, member_id)
    wanted = request.POST.get("role", "")
    if wanted not in Role.values:
        raise InvalidField("role", _("Choose one of the roles."))
    services.change_role(request.user, member, Role(wanted))
    words = {"name": member.user.username, "role": Role(wanted).label}
    messages.success(request, _("The role of %(name)s is now: %(role)s.") % words)
    return redirect("workspaces:members")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: SignedInRequest, member_id: int) -> HttpResponse:
    """A GET asks, the POST removes."""
    member = member_to_manage(request.user, member_id)
    if request.method != "POST":
        return render(request, "workspaces/remove.html", {"member": member})
    if member.user == request.user:
        return _leave(request)
    services.remove(request.user, member)
    messages.success(request, _("%s is no longer a member.") % member.user.username)
    return redirect("workspaces:members")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def transfer(request: SignedInRequest, member_id: int) -> HttpResponse:
    """A GET asks, the POST makes the member an owner and oneself an editor."""
    heir = member_to_manage(request.user, member_id)
    if request.method != "POST":
        return render(request, "workspaces/transfer.html", {"member": heir})
    services.transfer(membership_of_owner(request.user), heir)
    messages.success(request, _("%s owns the workspace now, and you are an editor.") % heir.user.username)
    return redirect("workspaces:members")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: SignedInRequest) -> HttpResponse:
    """A GET asks, the POST leaves."""
    if request.method != "POST":
        member = current_membership(request.user)
        context = {"member": member, "is_only_owner": services.is_the_only_owner(member)}
        return render(request, "workspaces/leave.html", context)
    return _leave(request)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def reset(request: SignedInRequest, member_id: int) -> HttpResponse:
    """A GET asks, or tells why not; the POST makes the link, which the page of members shows."""
    member = member_to_manage(request.user, member_id)
    if request.method != "POST":
        allowed = resets.may_reset(request.user, member.user)
        context = {"member": member, "why_not": "" if allowed else resets.why_not(member.user)}
        return render(request, "workspaces/reset.html", context)
    token = resets.make_link(request.user, member.workspace, member)
    link = NewLink(absolute_url(request, "workspaces:set-password", token=token), person=member.user.username)
    return show_link(request, member.workspace, link)


def _leave(request: SignedInRequest) -> HttpResponse:
    member = current_membership(request.user)
    services.leave(member)
    messages.success(request, _("You have left the workspace “%s”.") % member.workspace.name)
    return redirect("prompts:playground")
