"""Where a new prompt's text can come from: what stands in the composer, or a turn that was sent."""

from collections.abc import Mapping
from typing import Any, Final

from django.http import QueryDict

from playground.library.services import Content
from playground.library.template import quote
from playground.runs.models import Turn
from playground.runs.turns import MAX_LANES

DRAFT: Final = "library_draft"  # in the browser's session: what was last kept from the composer
_NUMBERS: Final[Mapping[str, type]] = {"temperature": float, "top_p": float, "max_tokens": int, "seed": int}


def content_of_turn(turn: Turn) -> Content:
    """A turn's text was sent as it is: braces in it are literal."""
    models = dict(turn.runs.order_by("lane").values_list("lane", "model_id"))
    return Content(quote(turn.prompt), quote(turn.system), [], turn.parameters, list(models.values()))


def content_of_composer(posted: QueryDict) -> Content:
    """What was typed, with its variables; a parameter that is no number is left out."""
    parameters: dict[str, Any] = {}
    for name, number in _NUMBERS.items():
        try:
            parameters[name] = number(posted.get(name, ""))
        except ValueError:
            continue
    stops = [line for line in posted.get("stop", "").splitlines() if line]
    if stops:
        parameters["stop"] = stops
    models = [model.strip() for model in posted.getlist("model") if model.strip()][:MAX_LANES]
    return Content(_text(posted, "prompt"), _text(posted, "system"), [], parameters, models)


def _text(posted: QueryDict, name: str) -> str:
    return posted.get(name, "").replace("\r\n", "\n")
