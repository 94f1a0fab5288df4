"""Steps: from events to a tree, and what a filter leaves of it."""

from playground.providers.langchain_events import EventFilter
from playground.recording.events import CHUNK, RUN_ENDED, RUN_STARTED, STEP_ENDED, STEP_STARTED, Event, EventData
from playground.recording.steps import filtered, root, steps


def begun(step: str, *parents: str, kind: str = "chain", tags: tuple[str, ...] = ()) -> tuple[str, EventData]:
    return STEP_STARTED, told(step, parents, kind, tags) | {"metadata": {}, "input": f"into {step}"}


def ended(step: str, *parents: str, kind: str = "chain", error: str = "") -> tuple[str, EventData]:
    outcome = {"error": {"type": "E", "message": error}} if error else {"output": f"out of {step}"}
    return STEP_ENDED, told(step, parents, kind, ()) | outcome


def told(step: str, parents: tuple[str, ...], kind: str, tags: tuple[str, ...]) -> dict[str, object]:
    names = {"parent": parents[-1] if parents else None, "parents": list(parents)}
    return {"step": step, "name": step, "type": kind, "tags": list(tags), **names}


def log(*said: tuple[str, EventData]) -> list[Event]:
    return [Event(seq, seq * 10, kind, data) for seq, (kind, data) in enumerate(said)]


AGENT = log(
    (RUN_STARTED, {"model": "c/m", "dialect": "langchain"}),
    begun("agent", tags=("team",)),
    begun("a", "agent"),
    begun("tool", "agent", "a", kind="tool", tags=("team", "slow")),
    begun("b", "agent"),
    (CHUNK, "Hi"),
    ended("b", "agent", error="broken"),
    ended("tool", "agent", "a", kind="tool"),
    ended("a", "agent"),
    (RUN_ENDED, {"status": "failed"}),
)


def test_steps_come_in_the_order_of_a_tree() -> None:
    found = steps(AGENT)

    assert [(step.id, step.depth) for step in found] == [("agent", 0), ("a", 1), ("tool", 2), ("b", 1)]
    agent, a, tool, b = found
    assert (agent.end, agent.last) == (None, None)
    assert (tool.start, tool.end, tool.first, tool.last) == (30, 70, 3, 7)
    assert (a.input, a.output) == ("into a", "out of a")
    assert b.error == {"type": "E", "message": "broken"}


def test_what_is_inside_a_step_that_is_left_out_moves_up() -> None:
    found = steps(AGENT, EventFilter(exclude_names=["a"]).lets_in)

    assert [(step.id, step.depth) for step in found] == [("agent", 0), ("tool", 1), ("b", 1)]


def test_events_outside_of_steps_go_by_the_outermost() -> None:
    tools = filtered(AGENT, EventFilter(include_types=["tool"]).lets_in)
    team = filtered(AGENT, EventFilter(include_tags=["team"], exclude_types=["tool"]).lets_in)

    assert [event.seq for event in tools] == [3, 7]
    assert [event.seq for event in team] == [0, 1, 5, 9]
    assert filtered(AGENT, EventFilter().lets_in, after=7) == AGENT[8:]


def test_a_run_without_steps_goes_by_its_model() -> None:
    chat = log((RUN_STARTED, {"model": "c/m", "dialect": "openai-chat"}), (CHUNK, "Hi"))

    assert root(chat) == ("c/m", "chat_model", ())
    assert steps(chat) == []
    assert filtered(chat, EventFilter(include_types=["chat_model"]).lets_in) == chat
    assert filtered(chat, EventFilter(include_types=["tool"]).lets_in) == []


def test_what_a_link_leaves_of_a_step_is_none() -> None:
    stripped = [event._replace(data={}) for event in AGENT]

    assert steps(stripped) == []
