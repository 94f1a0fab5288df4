"""For operators: look, do not touch. What is recorded is changed by the engine only."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from playground.runs.models import Run, Session, Turn

if TYPE_CHECKING:  # the stubs' class is generic, Django's is not
    AdminBase = admin.ModelAdmin[Any]
else:
    AdminBase = admin.ModelAdmin


class LookOnly(AdminBase):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Session)
class SessionAdmin(LookOnly):
    list_display = ("title", "owner", "workspace", "updated_at", "deleted_at")
    list_filter = ("workspace",)
    search_fields = ("title", "owner__username")
    list_select_related = ("owner", "workspace")


@admin.register(Turn)
class TurnAdmin(LookOnly):
    list_display = ("id", "session", "position", "created_at")
    list_select_related = ("session",)


@admin.register(Run)
class RunAdmin(LookOnly):
    list_display = ("id", "model_id", "status", "error_code", "attempts", "created_at", "ended_at")
    list_filter = ("status", "model_id")
    search_fields = ("id",)
