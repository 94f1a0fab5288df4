"""A form that is sent again because its answer was lost starts nothing twice.

Each form that a page shows has a mark of its own in the hidden field `once`. The same mark with the same content is the
same request. A person who changes the text and sends it with the same mark means another one.
"""

from collections.abc import Callable

from playground.http import SignedInRequest
from playground.runs.idempotency import digest_of, started_once
from playground.runs.models import Run
from playground.runs.turns import Created

_NOT_CONTENT = frozenset({"csrfmiddlewaretoken"})  # another one in each answer of the server


def sent_once(request: SignedInRequest, start: Callable[[Created], Run]) -> Run:
    """The run that `start` starts, or that it started when the same form was sent before. Raises what `start` does."""
    if not request.POST.get("once"):
        return start(None)
    fields = sorted((name, values) for name, values in request.POST.lists() if name not in _NOT_CONTENT)
    digest = digest_of(request.path.encode(), *(part.encode() for name, values in fields for part in (name, *values)))
    return started_once(request.user, f"form-{digest}", digest, start)
