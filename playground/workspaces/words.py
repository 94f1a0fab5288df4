"""What the roles let people do, in the words that pages show."""

from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from playground.workspaces.models import Role

ROLE_HELP: Final[dict[Role, Any]] = {
    Role.OWNER: _("Everything, and manages members, connections and settings."),
    Role.EDITOR: _("Sends prompts, tags, shares and presents."),
    Role.VIEWER: _("Reads what the workspace shares, comments and rates."),
}


def role_choices() -> list[tuple[str, Any, Any]]:
    """Value, name, what it lets people do; the least comes last."""
    return [(role.value, role.label, text) for role, text in ROLE_HELP.items()]
