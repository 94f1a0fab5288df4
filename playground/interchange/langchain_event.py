"""One of LangChain's events, as a line of a file has it."""

import re
from collections.abc import Mapping
from typing import Any, Final

from playground.interchange.errors import NotARecording
from playground.interchange.langchain_out import TIME
from playground.interchange.lines import list_of, object_of
from playground.recording.shapes import MOST, is_count

_MODELS: Final = ("chat_model", "llm")
_REPR: Final = re.compile(r"""content=['"\[].*?\b(?:additional_kwargs|response_metadata)=\{""", re.DOTALL)


def is_langchain(value: object) -> bool:
    return isinstance(value, dict) and str(value.get("event", "")).startswith("on_") and "data" in value


class LangChainEvent:
    """`moment` is start, stream, end or error, `kind` the type of what runs; "" and "" for a custom event."""

    def __init__(self, value: Any, number: int, t: int) -> None:
        """`number`: of its line; `t`: the time before it in µs, or -1. Raises NotARecording."""
        if not is_langchain(value):
            raise NotARecording(f"Line {number} is no event of astream_events: it needs “event”, “run_id” and “data”.")
        self.value: Mapping[str, Any] = value
        self.data: Mapping[str, Any] = object_of(value["data"])  # that of a custom event is anything
        self.name = str(value.get("name") or "")
        self.run_id = str(value.get("run_id") or "")
        self.metadata: Mapping[str, Any] = object_of(value.get("metadata"))
        self.parents = [str(parent) for parent in list_of(value.get("parent_ids"))]
        kind, _mark, moment = str(value["event"]).removeprefix("on_").rpartition("_")
        known = moment in ("start", "stream", "end", "error")
        self.kind, self.moment = (kind, moment) if known else ("", "")
        own = self.metadata.get(TIME)
        self.is_own = is_count(own, MOST)
        self.t: int | None = t if t >= 0 else own if is_count(own, MOST) else None
        if any(isinstance(told, str) and _REPR.match(told) for told in map(self.data.get, ("chunk", "output"))):
            raise NotARecording(
                f"Line {number} has a message as Python shows it (“content=…”), as json.dumps(…, default=str) writes "
                "it: dump the events again with default=langchain_core.load.dumpd."
            )

    @property
    def is_model(self) -> bool:
        return self.kind in _MODELS

    @property
    def is_of_graph(self) -> bool:
        """Whether it is a node of one of LangGraph's."""
        return "langgraph_node" in self.metadata
