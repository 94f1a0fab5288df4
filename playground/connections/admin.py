from typing import TYPE_CHECKING

from django.contrib import admin

from playground.connections.models import Connection

if TYPE_CHECKING:  # the stubs' class is generic, Django's is not
    ConnectionAdminBase = admin.ModelAdmin[Connection]
else:
    ConnectionAdminBase = admin.ModelAdmin


@admin.register(Connection)
class ConnectionAdmin(ConnectionAdminBase):
    """To look at and to delete. Secrets are shown nowhere; owners change connections on the playground's own pages."""

    list_display = ("name", "workspace", "dialect", "base_url", "allow_private", "updated_at")
    list_select_related = ("workspace",)
    exclude = ("secrets_encrypted",)

    def has_add_permission(self, *_args: object) -> bool:
        return False

    def has_change_permission(self, *_args: object) -> bool:
        return False
