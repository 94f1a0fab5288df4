"""Steps hold prompts, documents and what tools returned: no link shows any of it, whatever else it includes."""

import pytest

from playground.recording.events import STEP_ENDED, STEP_STARTED, Event
from playground.sharing.contents import Contents
from playground.sharing.stripping import strip


@pytest.mark.parametrize("kind", [STEP_STARTED, STEP_ENDED])
def test_nothing_of_a_step_is_left(kind: str) -> None:
    everything = Contents(system=True, parameters=True, timeline=True, annotations=True)
    step = {"step": "1", "name": "search", "type": "tool", "input": {"query": "secret"}, "metadata": {"user": "secret"}}

    assert strip(Event(3, 10, kind, step), everything) == Event(3, 10, kind, {})
