"""How an answer of `anthropic` is read: blocks that start, grow by deltas and stop, or a whole message with them.

Source: https://platform.claude.com/docs/en/build-with-claude/streaming. What the provider's own tools do on its side
(`server_tool_use` and their results) is in the recorded bytes only: it asks nothing of who reads.
"""

from collections.abc import Mapping
from typing import Any, Final

from playground.providers.dialects.base import Part
from playground.providers.dialects.body import BodyParser, malformed
from playground.providers.dialects.reading import call_piece, citations, mapping, objects, string, whole
from playground.providers.dialects.translation import counted
from playground.recording.events import CHUNK, KEEPALIVE, USAGE

# Of a block at its start, or of a delta: its type, the member that holds its text, and what that is in a chunk.
TEXTS: Final = {
    "text": ("text", "text"),
    "text_delta": ("text", "text"),
    "thinking": ("thinking", "reasoning"),
    "thinking_delta": ("thinking", "reasoning"),
}


class AnthropicParser(BodyParser):
    """The end marker is `message_stop`. Signatures of thinking are not shown."""

    ends_with_done = False

    def __init__(self, *, wants_stream: bool) -> None:
        super().__init__(wants_stream=wants_stream)
        self._calls: list[int] = []  # the places of the blocks that are tool calls
        self._counts: dict[str, Any] = {}

    def _event(self, value: Mapping[str, Any], end: int, parts: list[Part]) -> None:
        match value.get("type"):
            case "content_block_delta":
                self._show(self._delta(whole(value.get("index")), mapping(value.get("delta"))), end, parts)
            case "content_block_start":
                self._show(self._block(whole(value.get("index")), mapping(value.get("content_block"))), end, parts)
            case "message_start":
                self._count(mapping(value.get("message")).get("usage"), end, parts)
            case "message_delta":
                self._stop(mapping(value.get("delta")), value.get("usage"), end, parts)
            case "message_stop":
                self.done = True
            case "ping":
                parts.append(Part(KEEPALIVE, {}, end))
            case str():
                pass  # "new event types may be added, and your code should handle unknown event types gracefully"
            case _:
                raise malformed("tokens of another dialect")

    def _answer(self, value: Mapping[str, Any], end: int, parts: list[Part]) -> None:
        if not isinstance(value.get("content"), list):
            raise malformed("JSON without content")
        for index, block in enumerate(objects(value["content"])):
            self._show(self._block(index, block, whole_answer=True), end, parts)
        self._stop(value, value.get("usage"), end, parts)

    def _show(self, data: Mapping[str, Any], end: int, parts: list[Part]) -> None:
        if data:
            parts.append(Part(CHUNK, data["text"] if len(data) == 1 and "text" in data else data, end))

    def _block(self, index: int, block: Mapping[str, Any], *, whole_answer: bool = False) -> dict[str, Any]:
        kind = block.get("type")
        if kind == "tool_use":
            self._calls.append(index)
            given = block.get("input")  # an empty object where a stream of arguments follows
            arguments = given if given or whole_answer else None
            return call_piece(len(self._calls) - 1, block.get("id"), block.get("name"), arguments)
        data = _text(kind, block)
        if cited := citations(block.get("citations")):
            data["citations"] = cited
        return data

    def _delta(self, index: int, delta: Mapping[str, Any]) -> dict[str, Any]:
        kind = delta.get("type")
        if kind == "input_json_delta":
            piece = string(delta.get("partial_json"))
            return call_piece(self._calls.index(index), None, None, piece) if piece and index in self._calls else {}
        if kind == "citations_delta":
            cited = citations([delta.get("citation")])
            return {"citations": cited} if cited else {}
        return _text(kind, delta)

    def _stop(self, delta: Mapping[str, Any], usage: Any, end: int, parts: list[Part]) -> None:
        reason = delta.get("stop_reason")
        if isinstance(reason, str):
            self.finish_reason = reason
        explanation = mapping(delta.get("stop_details")).get("explanation")
        if explanation and isinstance(explanation, str):
            self._show({"refusal": explanation}, end, parts)
        self._count(usage, end, parts)

    def _count(self, usage: Any, end: int, parts: list[Part]) -> None:
        """The counts are cumulative, and what one event leaves out an earlier one has said.

        `input_tokens` does not count what came from the cache or went into it: the prompt is their sum.
        """
        if not isinstance(usage, dict):
            return
        self._counts |= {name: value for name, value in usage.items() if value is not None}
        counts = self._counts
        cached = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
        self.usage = counted(counts, sum(whole(counts.get(name)) for name in cached), counts.get("output_tokens"))
        parts.append(Part(USAGE, self.usage, end))


def _text(kind: Any, holder: Mapping[str, Any]) -> dict[str, Any]:
    member, name = TEXTS.get(kind, ("", "")) if isinstance(kind, str) else ("", "")
    text = string(holder.get(member) or "") if member else ""
    return {name: text} if text else {}
