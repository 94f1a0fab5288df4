"""The events of `astream_events`, in the shapes of LangChain's versions v1 and v2 (langchain-core 1.7 and 1.8).

Every event is `{event, run_id, name, tags, metadata, data, parent_ids}`. A model alone is a root, so `parent_ids` is []
and its events are, in this order:

event                         data in v1             data in v2
on_KIND_start                 {input}                {input}
on_KIND_stream, one a chunk   {chunk}                {chunk}; none if the provider does not stream
on_chat_model_end             {output: message}      {output: message}
on_llm_end                    {output: text}         {output: {generations: [[generation]], llm_output: None}}

A generation is `{text, generation_info, type}`. Chunk, message and text are all a `Chunk`.
KIND is `llm` for completions and `chat_model` for chat. There is no event for an error: the iterator raises.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypedDict

from playground.providers.chunk import Chunk
from playground.providers.request import Parameters

Version = Literal["v1", "v2"]
Kind = Literal["llm", "chat_model"]
VERSIONS: Final = ("v1", "v2")


class StreamEvent(TypedDict):
    event: str
    run_id: str
    name: str
    tags: list[str]
    metadata: dict[str, Any]
    data: dict[str, Any]
    parent_ids: list[str]


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Any of the includes lets an event in (all do, where none is given); each of the excludes then keeps it out."""

    include_names: Collection[str] | None = None
    include_types: Collection[str] | None = None
    include_tags: Collection[str] | None = None
    exclude_names: Collection[str] | None = None
    exclude_types: Collection[str] | None = None
    exclude_tags: Collection[str] | None = None

    def lets_in(self, name: str, kind: str, tags: Collection[str]) -> bool:
        having = (({name}, self.include_names), ({kind}, self.include_types), (set(tags), self.include_tags))
        wanted = [(own, given) for own, given in having if given is not None]
        if wanted and not any(own & set(given) for own, given in wanted):
            return False
        lacking = (({name}, self.exclude_names), ({kind}, self.exclude_types), (set(tags), self.exclude_tags))
        return not any(own & set(given) for own, given in lacking if given is not None)


@dataclass(frozen=True, slots=True)
class EventMaker:
    """Makes the events of one run."""

    version: Version
    kind: Kind
    run_id: str
    name: str
    tags: tuple[str, ...]
    metadata: Mapping[str, Any]

    def start(self, given: object) -> StreamEvent:
        return self._event("start", {"input": given})

    def stream(self, chunk: Chunk) -> StreamEvent | None:
        return None if chunk.one_chunk and self.version == "v2" else self._event("stream", {"chunk": chunk})

    def end(self, answer: Chunk) -> StreamEvent:
        if self.kind == "chat_model" or self.version == "v1":
            return self._event("end", {"output": answer})
        info = {"finish_reason": answer.finish_reason, "model_name": answer.model}
        generation = {"text": str(answer), "generation_info": info, "type": "Generation"}
        return self._event("end", {"output": {"generations": [[generation]], "llm_output": None}})

    def _event(self, moment: str, data: dict[str, Any]) -> StreamEvent:
        return {
            "event": f"on_{self.kind}_{moment}",
            "run_id": self.run_id,
            "name": self.name,
            "tags": list(self.tags),
            "metadata": dict(self.metadata),
            "data": data,
            "parent_ids": [],
        }


def model_metadata(kind: Kind, dialect: str, model: str, parameters: Parameters) -> dict[str, Any]:
    """What v2 adds to the metadata of a model's events."""
    found = {
        "ls_provider": dialect.partition("-")[0],
        "ls_model_name": model,
        "ls_model_type": "chat" if kind == "chat_model" else "llm",
        "ls_temperature": parameters.temperature,
        "ls_max_tokens": parameters.max_tokens,
        "ls_stop": list(parameters.stop) or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def as_json(event: StreamEvent) -> dict[str, Any]:
    """The event in JSON's types: a chunk is its text for `llm`, a message object for `chat_model`."""
    chat = event["event"].startswith("on_chat_model_")
    data = {
        name: (value.as_message() if chat else str(value)) if isinstance(value, Chunk) else value
        for name, value in event["data"].items()
    }
    return {**event, "data": data}
