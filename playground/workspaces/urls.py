from django.urls import path

from playground.workspaces.views import audit, invitations, joining, members, resets, switching, tokens

app_name = "workspaces"

urlpatterns = [
    path("account/tokens/", tokens.tokens, name="tokens"),
    path("account/tokens/<int:token_id>/revoke/", tokens.revoke, name="revoke-token"),
    path("account/shown/done/", tokens.done, name="done-showing"),
    path("workspaces/", switching.workspaces, name="workspaces"),
    path("workspaces/new/", switching.new, name="new"),
    path("workspaces/choose/", switching.choose, name="choose"),
    path("workspace/settings/", switching.settings, name="settings"),
    path("workspace/members/", members.members, name="members"),
    path("workspace/members/<int:member_id>/role/", members.role, name="role"),
    path("workspace/members/<int:member_id>/remove/", members.remove, name="remove"),
    path("workspace/members/<int:member_id>/transfer/", members.transfer, name="transfer"),
    path("workspace/members/<int:member_id>/reset/", members.reset, name="reset"),
    path("workspace/leave/", members.leave, name="leave"),
    path("workspace/invitations/", invitations.invite, name="invite"),
    path("workspace/invitations/<int:invitation_id>/revoke/", invitations.revoke, name="revoke-invitation"),
    path("workspace/audit/", audit.entries, name="audit"),
    path("workspace/audit.csv", audit.download, name="audit-csv"),
    path("join/<str:token>/", joining.join, name="join"),
    path("reset/<str:token>/", resets.set_password, name="set-password"),
]
