"""How an answer of `openai-responses` is read: events of a `type`, or a whole response with its `output`."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

from playground.providers import refusals
from playground.providers.dialects import logprobs
from playground.providers.dialects.base import Part
from playground.providers.dialects.body import BodyParser, malformed
from playground.providers.dialects.reading import call_piece, citations, mapping, objects, string, whole
from playground.providers.dialects.translation import counted
from playground.recording.events import CHUNK, KEEPALIVE, USAGE

ENDS: Final = frozenset({"response.completed", "response.incomplete", "response.failed"})


class ResponsesParser(BodyParser):
    """The end marker is one of `ENDS`; what else there is of an answer is in the event that ends it."""

    ends_with_done = False

    def __init__(self, *, wants_stream: bool) -> None:
        super().__init__(wants_stream=wants_stream)
        self._calls: dict[int, bool] = {}  # by their place in the output: whether their arguments came piece by piece
        self._came = False

    def _event(self, value: Mapping[str, Any], end: int, parts: list[Part]) -> None:
        kind = value.get("type")
        if not isinstance(kind, str):
            raise malformed("tokens of another dialect")
        if kind in ENDS:
            self._end(mapping(value.get("response")), end, parts)
        elif kind == "keepalive":
            parts.append(Part(KEEPALIVE, {}, end))
        elif (read := self._READERS.get(kind)) is not None and (data := read(self, value)):
            self._came = True
            parts.append(Part(CHUNK, data["text"] if len(data) == 1 and "text" in data else data, end))

    def _answer(self, value: Mapping[str, Any], end: int, parts: list[Part]) -> None:
        if not isinstance(value.get("output"), list):
            raise malformed("JSON without output")
        self._end(value, end, parts)

    def _end(self, response: Mapping[str, Any], end: int, parts: list[Part]) -> None:
        if not self._came:  # a whole answer, or a server that streams nothing but its end
            parts += [Part(CHUNK, data, end) for data in _chunks(objects(response.get("output") or []))]
        usage = response.get("usage")
        if isinstance(usage, dict):
            self.usage = counted(usage, usage.get("input_tokens"), usage.get("output_tokens"))
            parts.append(Part(USAGE, self.usage, end))
        status = response.get("status")
        if status == "failed":
            raise refusals.from_object({"error": response.get("error") or "The response failed"})
        reason = mapping(response.get("incomplete_details")).get("reason") if status == "incomplete" else status
        self.finish_reason = reason if isinstance(reason, str) else None
        self.done = True

    # --- what the events say: the data of a chunk, or nothing ----------------------------------------------------

    def _text(self, value: Mapping[str, Any]) -> dict[str, Any]:
        data: dict[str, Any] = {"text": delta} if (delta := string(value.get("delta"))) else {}
        if shaped := logprobs.normalised({"content": value.get("logprobs")}):
            data["logprobs"] = shaped
        return data

    def _reasoning(self, value: Mapping[str, Any]) -> dict[str, Any]:
        return {"reasoning": delta} if (delta := string(value.get("delta"))) else {}

    def _refusal(self, value: Mapping[str, Any]) -> dict[str, Any]:
        return {"refusal": delta} if (delta := string(value.get("delta"))) else {}

    def _citation(self, value: Mapping[str, Any]) -> dict[str, Any]:
        return {"citations": cited} if (cited := citations([value.get("annotation")])) else {}

    def _item(self, value: Mapping[str, Any]) -> dict[str, Any]:
        item = mapping(value.get("item"))
        if item.get("type") not in ("function_call", "custom_tool_call"):
            return {}
        place = whole(value.get("output_index"))
        self._calls.setdefault(place, False)
        return call_piece(self._index(place), item.get("call_id") or item.get("id"), item.get("name"), None)

    def _arguments(self, value: Mapping[str, Any]) -> dict[str, Any]:
        place = whole(value.get("output_index"))
        self._calls[place] = True
        delta = string(value.get("delta"))
        return call_piece(self._index(place), None, None, delta) if delta else {}

    def _all_arguments(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """The whole of the arguments, from servers that do not send them in pieces."""
        place = whole(value.get("output_index"))
        if self._calls.get(place):
            return {}
        self._calls[place] = True
        return call_piece(self._index(place), None, None, value.get("arguments") or value.get("input"))

    def _index(self, place: int) -> int:
        return list(self._calls).index(place)

    _READERS: ClassVar[Mapping[str, Callable[["ResponsesParser", Mapping[str, Any]], dict[str, Any]]]] = {
        "response.output_text.delta": _text,
        "response.output_text.annotation.added": _citation,
        "response.refusal.delta": _refusal,
        "response.reasoning_summary_text.delta": _reasoning,
        "response.reasoning_text.delta": _reasoning,
        "response.output_item.added": _item,
        "response.function_call_arguments.delta": _arguments,
        "response.function_call_arguments.done": _all_arguments,
        "response.custom_tool_call_input.delta": _arguments,
        "response.custom_tool_call_input.done": _all_arguments,
    }


def _chunks(output: list[dict[str, Any]]) -> list[Any]:
    """A whole output: one chunk for each of its texts, its reasoning and its tool calls."""
    found: list[dict[str, Any]] = []
    calls = 0
    for item in output:
        if item.get("type") == "message":
            found += [_part(part) for part in objects(item.get("content") or [])]
        elif item.get("type") == "reasoning":
            texts = objects(item.get("summary") or []) + objects(item.get("content") or [])
            found.append({"reasoning": "".join(string(text.get("text") or "") for text in texts)})
        elif item.get("type") in ("function_call", "custom_tool_call"):
            arguments = item.get("arguments") or item.get("input")
            found.append(call_piece(calls, item.get("call_id") or item.get("id"), item.get("name"), arguments))
            calls += 1
    filled = [{name: value for name, value in data.items() if value} for data in found]
    return [data["text"] if len(data) == 1 and "text" in data else data for data in filled if data]


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "text": string(part.get("text") or "") if part.get("type") == "output_text" else "",
        "refusal": string(part.get("refusal") or ""),
        "citations": citations(part.get("annotations")),
        "logprobs": logprobs.normalised({"content": part.get("logprobs")}),
    }
