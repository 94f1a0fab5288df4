"""An answer that was continued, as a link shows it: as its owner reads it, but for what is hidden."""

from typing import Any

import pytest

from playground.providers.continuation import way_of
from playground.recording.redaction import MASK
from playground.review.models import Redaction
from playground.runs.continuing import messages_to_continue, part_before
from playground.runs.models import Run
from playground.sharing.contents import Contents
from playground.sharing.public import public_run, redactions_of
from tests.runs.factories import make_run

pytestmark = pytest.mark.django_db

PREFILL = way_of("ollama")
INSTRUCT = way_of("openai-chat")


def continued(*steps: tuple[str, Any]) -> list[Run]:
    """Runs with these texts, each of which goes on from the one before it in a way."""
    (text, _way), *later = steps
    runs = [make_run(text=text, status="truncated")]
    for text, way in later:
        messages = messages_to_continue(runs[-1], way)
        runs.append(make_run(runs[-1].turn, text=text, status="truncated", continues=runs[-1], messages=messages))
    return runs


def shown(run: Run) -> str:
    public = public_run(run, Contents(), redactions_of([run.turn_id]))
    return part_before(public) + public.text


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([("The quick bro", None), ("brown fox", INSTRUCT)], "The quick brown fox"),
        ([("The quick bro", None), ("wn fox", PREFILL)], "The quick brown fox"),
        ([("The quick bro", None), ("brown fo", INSTRUCT), ("fox jumps", INSTRUCT)], "The quick brown fox jumps"),
        ([("The quick bro", None), ("w", PREFILL), ("brown fox", INSTRUCT)], "The quick brown fox"),
        ([("The quick bro", None), ("brown fo", INSTRUCT), ("x", PREFILL)], "The quick brown fox"),
    ],
)
def test_a_word_that_was_cut_is_shown_once(steps: list[tuple[str, Any]], expected: str) -> None:
    last = continued(*steps)[-1]
    assert part_before(last) + last.text == expected
    assert shown(last) == expected


@pytest.mark.parametrize(
    ("start", "end", "expected"), [(4, 9, f"The {MASK} brown fox"), (4, 13, f"The {MASK}brown fox")]
)
def test_what_is_hidden_of_the_part_stays_so(start: int, end: int, expected: str) -> None:
    first, last = continued(("The quick bro", None), ("brown fox", INSTRUCT))
    fields = {"start": start, "end": end, "created_by": first.turn.session.owner}
    Redaction.objects.create(turn=first.turn, run=first, part=Redaction.Part.ANSWER, **fields)
    assert shown(last) == expected
