"""What a run answered, put together from its chunks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from playground.recording.events import CHUNK, Event

SOURCE_LENGTH: Final = 200


@dataclass(slots=True)
class ToolCall:
    """`arguments` is the JSON text as it came; in a run that was cut off it may be incomplete."""

    name: str = ""
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """What an answer cites; `url` is "" or one of http or https."""

    title: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The last attempt's answer. `choices` holds the texts of the choices after the first, by their index."""

    text: str = ""
    reasoning: str = ""
    refusal: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    sources: tuple[Source, ...] = ()
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
    sources: dict[Source, None] = {}
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
        sources.update(dict.fromkeys(sources_of(data.get("citations"))))
    return Answer(
        text="".join(texts.pop(0)),
        reasoning="".join(reasoning),
        refusal="".join(refusal),
        tool_calls=tuple(calls[index] for index in sorted(calls)),
        sources=tuple(sources),
        choices={index: "".join(parts) for index, parts in sorted(texts.items())},
    )


def sources_of(citations: Any) -> list[Source]:
    """Providers agree on little: what a citation calls its title and address, or those of the source inside it."""
    found = [_source(one) for one in citations if isinstance(one, Mapping)] if isinstance(citations, list) else []
    return [source for source in found if source.title]


def _source(citation: Mapping[str, Any]) -> Source:
    inner = [citation.get(name) for name in ("web", "url_citation", "retrievedContext")]
    listed = citation.get("sources")
    documents = [one.get("document") for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
    places = [citation, *(one for one in (*inner, *documents) if isinstance(one, Mapping))]
    url = _first(places, "url", "uri")
    title = _first(places, "title", "document_title", "filename") or url or _first(places, "cited_text", "text")
    return Source(title[:SOURCE_LENGTH], url if url.startswith(("https://", "http://")) else "")


def _first(places: Sequence[Mapping[str, Any]], *names: str) -> str:
    told = (place.get(name) for name in names for place in places)
    return next((value.strip() for value in told if isinstance(value, str) and value.strip()), "")


def _add_call(calls: dict[int, ToolCall], part: Mapping[str, Any]) -> None:
    call = calls.setdefault(part.get("index", 0), ToolCall())
    call.name += part.get("name") or ""
    call.arguments += part.get("arguments") or ""
