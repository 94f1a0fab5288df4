"""Runs that go on from the part of an answer that an earlier run left.

A run's `text` is only its own, so it never looks better than it was. What it goes on from stands in its `messages`, as
it was sent: after what was asked, the assistant's message, and in some dialects one of the user's that asks to go on.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db.models import Q
from django.utils.translation import gettext as _

from playground.errors import Conflict
from playground.providers.continuation import Way
from playground.recording.reasons import common
from playground.recording.status import RunStatus
from playground.runs.models import Run
from playground.runs.store import LIVE

_BROKEN_OFF: Final = frozenset({RunStatus.TRUNCATED, RunStatus.INTERRUPTED, RunStatus.CANCELLED, RunStatus.FAILED})


def may_continue(run: Run) -> bool:
    """Whether the run left a part of an answer to go on from: it was broken off, or met its limit of tokens."""
    broken_off = run.status in _BROKEN_OFF
    too_long = run.status == RunStatus.COMPLETED and common(run.finish_reason) == "length"
    return (broken_off or too_long) and bool(run.text) and run.turn.is_recorded


def hold_continuation(run: Run) -> None:
    """Nobody else continues the run until the transaction ends.

    Raises:
        Conflict: it was continued already, by another tab or another person, and some answer came of it or still may.
    """
    Run.objects.select_for_update().get(pk=run.pk)
    if run.continued_by.filter(Q(status__in=LIVE) | ~Q(text="")).exists():
        raise Conflict(_("This answer was continued already. Reload the page to see what came of it."))


def part_before(run: Run) -> str:
    """The text that a continuation goes on from; "" for any other run."""
    return part_in(run.messages) if run.continues_id else ""


def part_in(messages: Sequence[Mapping[str, Any]]) -> str:
    """The part of the answer in the messages of a continuation."""
    return next((str(m["content"]) for m in reversed(messages) if m["role"] == "assistant"), "")


def messages_to_continue(run: Run, way: Way) -> list[dict[str, Any]]:
    """What `run` was asked, and its answer so far, with the part that it went on from itself."""
    return way.messages(_asked(run), part_before(run) + run.text)


def _asked(run: Run) -> Sequence[Mapping[str, Any]]:
    if not run.continues_id:
        return list(run.messages)
    last = max(place for place, message in enumerate(run.messages) if message["role"] == "assistant")
    return list(run.messages[:last])
