"""The words of the audit log: what people read for an action and for what is known of it.

An action that has no words here is shown as it is, so that nothing is left out.
"""

import re
from datetime import datetime
from typing import Any, Final

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from playground.workspaces.models import Role

NOUNS: Final[dict[str, Any]] = {
    "workspace": _("Workspace"),
    "member": _("Members"),
    "invitation": _("Invitations"),
    "password": _("Passwords"),
    "connection": _("Connections"),
    "token": _("API tokens"),
    "session": _("Sessions"),
    "share": _("Shares"),
    "redaction": _("Redactions"),
    "export": _("Exports"),
    "show": _("Shows"),
    "prompt": _("Prompts"),
    "filter": _("Filters"),
    "tag": _("Tags"),
    "scale": _("Rating scales"),
}

ACTIONS: Final[dict[str, Any]] = {
    "workspace.create": _("made the workspace"),
    "workspace.rename": _("renamed the workspace"),
    "workspace.limits": _("changed the limits"),
    "member.join": _("joined"),
    "member.leave": _("left"),
    "member.remove": _("removed a member"),
    "member.role": _("changed a role"),
    "member.transfer": _("transferred the ownership"),
    "invitation.create": _("made an invitation"),
    "invitation.revoke": _("revoked an invitation"),
    "password.reset_link": _("made a link to reset a password"),
    "password.reset": _("set a new password by a reset link"),
    "connection.add": _("added a connection"),
    "connection.change": _("changed a connection"),
    "connection.delete": _("deleted a connection"),
    "token.create": _("made an API token"),
    "token.revoke": _("revoked an API token"),
    "session.delete": _("deleted a session"),
    "session.restore": _("restored a session"),
    "session.visibility": _("changed who sees a session"),
    "session.copy": _("copied a session"),
    "session.import": _("imported sessions"),
    "session.prune": _("pruned old recordings"),
    "share.create": _("made a share link"),
    "share.change": _("changed a share link"),
    "share.revoke": _("revoked a share link"),
    "redaction.add": _("redacted text"),
    "redaction.remove": _("took a redaction back"),
    "export.session": _("exported a session"),
    "export.sessions": _("exported sessions"),
    "export.run": _("exported a run"),
    "export.recording": _("exported a recording"),
    "export.timeline": _("exported a timeline"),
    "export.replay": _("exported a replay"),
    "export.usage": _("exported the usage"),
    "export.audit": _("exported the audit log"),
    "export.batch": _("exported a batch"),
    "show.start": _("started a show"),
    "show.end": _("ended a show"),
    "prompt.delete": _("deleted a prompt"),
    "prompt.restore": _("restored a prompt"),
    "filter.add": _("added a filter rule"),
    "filter.change": _("changed a filter rule"),
    "filter.delete": _("deleted a filter rule"),
    "tag.rename": _("renamed a tag"),
    "tag.merge": _("merged a tag into another"),
    "tag.delete": _("deleted a tag"),
    "scale.add": _("added a rating scale"),
    "scale.archive": _("put a rating scale away"),
    "scale.restore": _("brought a rating scale back"),
}

_DETAILS: Final[dict[str, Any]] = {
    "from": pgettext_lazy("a change", "from"),
    "to": pgettext_lazy("a change", "to"),
    "before": _("before"),
    "was": _("before"),
    "into": _("into"),
    "role": _("role"),
    "days": _("days"),
    "uses": _("uses"),
    "invited_by": _("invited by"),
    "link_by": _("link by"),
    "changed": _("changed"),
    "base_url": _("base URL"),
    "user": _("for"),
    "visibility": _("visibility"),
    "format": _("format"),
    "sessions": _("sessions"),
    "expires": _("expires"),
    "name": _("name"),
    "part": _("part"),
    "max_live_runs": _("live answers"),
    "max_tokens_per_day": _("tokens a day"),
    "member_max_live_runs": _("live answers of each member"),
    "member_max_tokens_per_day": _("tokens a day of each member"),
    "connections": _("connections"),
    "runs_per_minute": _("runs a minute"),
    "tokens_per_day": _("tokens a day"),
    "raw_bytes_of": _("runs whose raw bytes were pruned"),
    "freed": _("bytes freed"),
}
_CODED: Final = frozenset({"from", "to", "role", "uses", "visibility", "changed"})  # the others hold what people wrote
_HIDDEN: Final = frozenset({"show", "copied_from"})  # ids

_VALUES: Final[dict[str, Any]] = {
    **{role.value: role.label for role in Role},
    "any": _("any number"),
    "private": _("private"),
    "workspace": _("workspace"),
    "dialect": _("dialect"),
    "base_url": _("base URL"),
    "api_key": _("API key"),
    "headers": _("headers"),
    "proxy": _("proxy"),
    "models": _("models"),
    "prices": _("prices"),
    "order": _("order"),
    "pattern": _("pattern"),
    "replacement": _("replacement"),
    "is_enabled": _("enabled"),
}

_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d")


def words_of(action: str) -> Any:
    return ACTIONS.get(action, action)


def details_in_words(details: dict[str, Any]) -> list[tuple[Any, str]]:
    """What is known, and its value, in the order of the words: databases keep no order of their own."""
    order = {name: place for place, name in enumerate(_DETAILS)}
    names = sorted(details.keys() - _HIDDEN, key=lambda name: (order.get(name, len(order)), name))
    shown = [(name, details[name]) for name in names if details[name] not in ("", [])]
    return [
        (_DETAILS.get(name, name), _moment(value) or _value(value, is_coded=name in _CODED)) for name, value in shown
    ]


def grouped_actions() -> list[tuple[str, Any, list[tuple[str, Any]]]]:
    """Noun, its name, and its actions with their words."""
    return [
        (noun, name, [(action, words) for action, words in ACTIONS.items() if action.startswith(f"{noun}.")])
        for noun, name in NOUNS.items()
    ]


def _moment(value: Any) -> str:
    """A moment, as entries keep it, for a reader; "" for what is none."""
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        return ""
    return date_format(localtime(datetime.fromisoformat(value)), "DATETIME_FORMAT")


def _value(value: Any, *, is_coded: bool) -> str:
    if isinstance(value, list):
        return ", ".join(_value(each, is_coded=is_coded) for each in value)
    if value is None:
        return gettext("none")
    return str(_VALUES.get(value, value)) if is_coded and isinstance(value, str) else str(value)
