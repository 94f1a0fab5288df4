"""A session as one HTML file that replays it with no server and no network."""

import base64
import hashlib
from typing import Final

import orjson
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from playground.markdown import render_markdown
from playground.sharing.exports.bundle import bundle_scripts, bundle_styles
from playground.sharing.exports.content import Exported
from playground.sharing.player import player_context, recordings

_STYLES: Final = (
    "reset", "tokens", "base", "icon", "button", "form", "badge", "notice", "tabs", "turn", "lane", "state", "metrics",
    "prose", "characters", "tokens-view", "transport", "replay", "timeline", "share", "utilities", "print",
)  # fmt: skip


def offline_html(found: Exported, request: HttpRequest) -> str:
    """Its Content-Security-Policy, in a meta element, lets nothing be loaded and only this script be run."""
    style = bundle_styles(_STYLES) + bundle_styles(("offline",), "css/offline-file.css")
    script = bundle_scripts("js/sharing/offline.js")
    data = [{"runs": recordings(turn.lanes, found.contents, found.redactions)} for turn in found.shown.turns]
    context = {
        "user": AnonymousUser(),  # nothing in the file is for who exported it
        "shared": found.shown,
        "contents": found.contents,
        "answers": {run.pk: render_markdown(run.text) for turn in found.shown.turns for run in turn.lanes},
        "policy": _policy(script, style),
        "style": mark_safe(style),  # noqa: S308  (our own files)
        "script": mark_safe(script),  # noqa: S308
        "recording": _inline_json({"turns": data}),
        "has_replay": found.contents.timeline and any(turn.lanes for turn in found.shown.turns),
        **player_context(""),
    }
    return render_to_string("sharing/export/offline.html", context, request)


def _policy(script: str, style: str) -> str:
    rules = {
        "default-src": "'none'",
        "script-src": f"'sha256-{_digest(script)}'",
        "style-src": f"'sha256-{_digest(style)}'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _inline_json(value: object) -> SafeString:
    """JSON that cannot end its script element, nor a line of an old script."""
    text = orjson.dumps(value).decode()
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return mark_safe(text)  # noqa: S308
