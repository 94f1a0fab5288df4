"""The page of members and open invitations, as several requests answer with it."""

from dataclasses import asdict, dataclass

from django.http import HttpResponse
from django.shortcuts import redirect, render

from playground import shown_once
from playground.http import SignedInRequest
from playground.workspaces.forms import InvitationForm
from playground.workspaces.invitations import open_invitations
from playground.workspaces.members import members_of
from playground.workspaces.models import Membership, Role, Workspace
from playground.workspaces.words import role_choices


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link that was just made, and is shown once. `person`: whose password it resets; "" for an invitation.

    `invitation`: its id. `sent_to`: the address that it was mailed to; `not_sent_to`: one at which the mail
    server did not take it.
    """

    url: str
    person: str = ""
    sent_to: str = ""
    not_sent_to: str = ""
    invitation: str = ""


def members_page(
    request: SignedInRequest,
    membership: Membership,
    *,
    form: InvitationForm | None = None,
    status: int = 200,
) -> HttpResponse:
    is_owner = Role(membership.role) is Role.OWNER
    kept = shown_once.kept(request, _place(membership.workspace)) if is_owner else None
    context = {
        "membership": membership,
        "workspace": membership.workspace,
        "is_owner": is_owner,
        "members": members_of(membership.workspace),
        "invitations": open_invitations(membership.workspace) if is_owner else (),
        "roles": role_choices(),
        "form": form or InvitationForm(),
        "link": NewLink(**kept) if kept else None,
    }
    return render(request, "workspaces/members.html", context, status=status)


def show_link(request: SignedInRequest, workspace: Workspace, link: NewLink) -> HttpResponse:
    """To the page of members, which shows the link until its maker is done with it."""
    shown_once.keep(request, _place(workspace), asdict(link))
    return redirect("workspaces:members")


def _place(workspace: Workspace) -> str:
    return f"members of {workspace.pk}"
