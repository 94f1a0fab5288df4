from typing import TYPE_CHECKING

from django.contrib import admin

from playground.workspaces.models import ApiToken, Membership, Workspace

if TYPE_CHECKING:  # the stubs' classes are generic, Django's are not
    MembershipInlineBase = admin.TabularInline[Membership, Workspace]
    WorkspaceAdminBase = admin.ModelAdmin[Workspace]
    ApiTokenAdminBase = admin.ModelAdmin[ApiToken]
else:
    MembershipInlineBase = admin.TabularInline
    WorkspaceAdminBase = ApiTokenAdminBase = admin.ModelAdmin


class MembershipInline(MembershipInlineBase):
    model = Membership
    extra = 0
    autocomplete_fields = ("user",)


@admin.register(Workspace)
class WorkspaceAdmin(WorkspaceAdminBase):
    list_display = ("name", "slug", "created_at")
    inlines = (MembershipInline,)


@admin.register(ApiToken)
class ApiTokenAdmin(ApiTokenAdminBase):
    """To look at and to revoke. Tokens are made where their secret can be shown: on the tokens page, or by command."""

    list_display = ("__str__", "user", "workspace", "created_at", "last_used_at", "revoked_at")
    list_select_related = ("user", "workspace")
    fields = ("user", "workspace", "name", "created_at", "last_used_at", "revoked_at")
    readonly_fields = ("user", "workspace", "name", "created_at", "last_used_at")

    def has_add_permission(self, *_args: object) -> bool:
        return False
