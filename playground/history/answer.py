"""What a run answered, put together from its chunks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from playground.recording.events import CHUNK, Event


@dataclass(slots=True)
class ToolCall:
    """`arguments` is the JSON text as it came; in a run that was cut off it may be incomplete."""

    name: str = ""
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The last attempt's answer. `choices` holds the texts of the choices after the first, by their index."""

    text: str = ""
    reasoning: str = ""
    refusal: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    choices: Mapping[int, str] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return not (self.text or self.reasoning or self.refusal or self.tool_calls or self.choices)


def attempt_of(event: Event) -> int:
    """The attempt that a chunk belongs to: named from the second on."""
    return 1 if isinstance(event.data, str) else int(event.data.get("attempt", 1))


def assemble(events: Sequence[Event]) -> Answer:
    """A retry never merges into the text of the attempt before it: only the last attempt's chunks count."""
    chunks = [e for e in events if e.kind == CHUNK]
    last = max((attempt_of(e) for e in chunks), default=1)
    texts: dict[int, list[str]] = {0: []}
    reasoning: list[str] = []
    refusal: list[str] = []
    calls: dict[int, ToolCall] = {}
    for event in chunks:
        data = event.data
        if isinstance(data, str):
            if last == 1:
                texts[0].append(data)
            continue
        if data.get("attempt", 1) != last:
            continue
        texts.setdefault(data.get("choice", 0), []).append(data.get("text") or "")
        reasoning.append(data.get("reasoning") or "")
        refusal.append(data.get("refusal") or "")
        if call := data.get("tool_call"):
            _add_call(calls, call)
    return Answer(
        text="".join(texts.pop(0)),
        reasoning="".join(reasoning),
        refusal="".join(refusal),
        tool_calls=tuple(calls[index] for index in sorted(calls)),
        choices={index: "".join(parts) for index, parts in sorted(texts.items())},
    )


def _add_call(calls: dict[int, ToolCall], part: Mapping[str, Any]) -> None:
    call = calls.setdefault(part.get("index", 0), ToolCall())
    call.name += part.get("name") or ""
    call.arguments += part.get("arguments") or ""
