"""The steps of a run: what agents and chains do on the way to their answer, each with those inside it.

The data of `step.started` is `{step, parent, parents, name, type, tags, metadata, input?}`, that of `step.ended`
`{step, parent, parents, name, type, tags, input?, output?, error?}`. `step` and `parent` are ids (the root's parent is
null), `parents` those from the root down; `type` is LangChain's: chain, chat_model, llm, tool, retriever, prompt,
parser; `error` is `{type, message}`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from playground.recording.events import RUN_STARTED, STEP_ENDED, STEP_STARTED, Event

STEP_KINDS: Final = frozenset({STEP_STARTED, STEP_ENDED})

LetsIn = Callable[[str, str, Sequence[str]], bool]
"""Whether what has this name, type and these tags is shown."""


@dataclass(slots=True)
class Step:
    """`end` is None while it is under way, or if nobody said that it ended. Times in µs since the run began.

    `first` and `last` are the seqs of its events. `depth` is 0 at the root.
    """

    id: str
    parents: Sequence[str]
    name: str
    type: str
    tags: Sequence[str]
    start: int
    first: int
    metadata: Mapping[str, Any] = field(default_factory=dict)
    input: Any = None
    output: Any = None
    error: Mapping[str, Any] | None = None
    end: int | None = None
    last: int | None = None
    depth: int = 0


def steps(events: Sequence[Event], lets_in: LetsIn | None = None) -> list[Step]:
    """The steps in the order of a tree: each is followed by those inside it, in the order in which they began.

    What `lets_in` keeps out is left out; what was inside it moves up.
    """
    found = _read(events)
    shown = [step for step in found.values() if lets_in is None or lets_in(step.name, step.type, step.tags)]
    kept = {step.id for step in shown}
    inside: dict[str, list[Step]] = {}
    for step in shown:
        around = [parent for parent in step.parents if parent in kept]
        step.depth = len(around)
        inside.setdefault(around[-1] if around else "", []).append(step)
    return _tree(inside)


def root(events: Sequence[Event]) -> tuple[str, str, Sequence[str]]:
    """Name, type and tags of what the events belong to that are no steps: the outermost step, or the model itself."""
    for event in events:
        if event.kind == STEP_STARTED and not isinstance(event.data, str) and not event.data.get("parents"):
            return _name(event.data)
    data = next((event.data for event in events if event.kind == RUN_STARTED), {})
    told: Mapping[str, Any] = {} if isinstance(data, str) else data
    return str(told.get("model", "")), "llm" if told.get("dialect") == "openai-completions" else "chat_model", ()


def filtered(events: Sequence[Event], lets_in: LetsIn, after: int = -1) -> list[Event]:
    """The events after the seq `after` that `lets_in` shows.

    A step's events go by its own name, type and tags, all others by those of the root.
    """
    root_is_in = lets_in(*root(events))
    return [
        event
        for event in events[after + 1 :]
        if (lets_in(*_name(event.data)) if event.kind in STEP_KINDS and not isinstance(event.data, str) else root_is_in)
    ]


def _read(events: Sequence[Event]) -> dict[str, Step]:
    found: dict[str, Step] = {}
    for event in events:
        data = event.data
        if event.kind not in STEP_KINDS or isinstance(data, str) or not isinstance(data.get("step"), str):
            continue
        if event.kind == STEP_STARTED:
            name, kind, tags = _name(data)
            parents = [str(parent) for parent in data.get("parents") or ()]
            step = Step(data["step"], parents, name, kind, tags, event.t, event.seq)
            step.metadata, step.input = data.get("metadata") or {}, data.get("input")
            found.setdefault(step.id, step)
        elif (started := found.get(data["step"])) is not None:
            started.end, started.last = event.t, event.seq
            started.input = data.get("input", started.input)
            started.output, started.error = data.get("output"), data.get("error")
    return found


def _name(data: Mapping[str, Any]) -> tuple[str, str, Sequence[str]]:
    return str(data.get("name", "")), str(data.get("type", "")), [str(tag) for tag in data.get("tags") or ()]


def _tree(inside: Mapping[str, Sequence[Step]]) -> list[Step]:
    ordered: list[Step] = []
    waiting = list(reversed(inside.get("", ())))
    while waiting:
        step = waiting.pop()
        ordered.append(step)
        waiting.extend(reversed(inside.get(step.id, ())))
    return ordered
