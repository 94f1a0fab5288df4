"""The replay's player on a page without an account: its recordings, and what its templates need."""

from collections.abc import Sequence
from typing import Any, Final

import orjson
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from playground.replay.views.player import RATES
from playground.runs.models import Run
from playground.sharing.contents import Contents
from playground.sharing.public import Redactions, public_log

VIEWS: Final[Sequence[tuple[str, Promise]]] = (
    ("answer", _("Answer")),
    ("characters", _("Characters")),
    ("tokens", _("Tokens")),
)


def player_context(view: str) -> dict[str, Any]:
    return {"views": VIEWS, "view": view if view in dict(VIEWS) else "answer", "rates": RATES}


def recordings(runs: Sequence[Run], contents: Contents, redactions: Redactions) -> list[dict[str, Any]]:
    """As `player.js` takes them: `[{id, model, status, events: [[t, kind, data], …]}, …]`."""
    return [
        {
            "id": str(run.pk),
            "model": run.model_id,
            "status": log.status.value,
            "events": [(event.t, event.kind, event.data) for event in log.events],
        }
        for run in runs
        for log in [public_log(run, contents, redactions)]
    ]


def recordings_json(runs: Sequence[Run], contents: Contents, redactions: Redactions) -> bytes:
    return orjson.dumps({"runs": recordings(runs, contents, redactions)})
