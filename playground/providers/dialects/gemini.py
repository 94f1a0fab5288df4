"""`gemini`: POST /models/MODEL:streamGenerateContent?alt=sse, the API of Google's Gemini.

Source: https://ai.google.dev/api/generate-content; https://ai.google.dev/gemini-api/docs/function-calling; what the
servers do beside it: https://github.com/googleapis/python-genai (`_api_client.py`). There is no end marker: an answer
is complete once a candidate has a `finishReason` and the body has ended. Errors may stand in the stream as bare JSON of
several lines; without `alt=sse` (a proxy may drop it) the stream is one JSON array.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import orjson

from playground.providers import loosejson, refusals
from playground.providers.dialects import gemini_request
from playground.providers.dialects.asking import JSON, body_of, names_in
from playground.providers.dialects.base import CONTENT_FILTER, HttpRequest, Part
from playground.providers.dialects.body import BodyParser, malformed
from playground.providers.dialects.json_array import JSONArrayDecoder
from playground.providers.dialects.reading import call_piece, mapping, number, objects, place, string, whole
from playground.providers.dialects.translation import counted
from playground.providers.endpoint import Endpoint
from playground.providers.errors import ContentFiltered, ProviderError
from playground.providers.request import GenerationRequest
from playground.providers.sse import BOM
from playground.recording.events import CHUNK, NOTICE, USAGE

_ERROR_BYTES: Final = 64 * 1024  # of a bare error among the events
_FILTERS: Final = [
    "SAFETY",
    "RECITATION",
    "LANGUAGE",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "IMAGE_SAFETY",
    "IMAGE_PROHIBITED_CONTENT",
    "IMAGE_RECITATION",
]
_FAULTS: Final = [
    "MALFORMED_FUNCTION_CALL",
    "UNEXPECTED_TOOL_CALL",
    "TOO_MANY_TOOL_CALLS",
    "MALFORMED_RESPONSE",
    "MISSING_THOUGHT_SIGNATURE",
]


class Gemini:
    name = "gemini"
    label: ClassVar[str] = "Google Gemini"
    example: ClassVar[str] = "https://generativelanguage.googleapis.com/v1beta"
    finish_reasons: ClassVar[Mapping[str, str]] = {
        "STOP": "stop",
        "MAX_TOKENS": "length",
        **dict.fromkeys(_FILTERS, CONTENT_FILTER),
        **dict.fromkeys(_FAULTS, "error"),
    }

    def request(self, endpoint: Endpoint, request: GenerationRequest) -> HttpRequest:
        """Raises InvalidRequest."""
        stream = request.stream and endpoint.supports_streaming
        method = "streamGenerateContent?alt=sse" if stream else "generateContent"
        words, extra, ignored = gemini_request.words_of(request)
        path, headers = gemini_request.path_of(request.model, method), {**_credentials(endpoint), **JSON}
        return HttpRequest("POST", path, headers, body_of(words, extra), ignored)

    def parser(self, request: GenerationRequest) -> "GeminiParser":
        return GeminiParser(wants_stream=request.stream)

    def models_request(self, endpoint: Endpoint) -> HttpRequest:
        return HttpRequest("GET", "/models?pageSize=1000", _credentials(endpoint))

    def read_models(self, body: bytes) -> list[str]:
        """The names without `models/`. Raises MalformedAnswer."""
        return [name.removeprefix("models/") for name in names_in(body, "models", "name")]


def _credentials(endpoint: Endpoint) -> dict[str, str]:
    return {"x-goog-api-key": endpoint.api_key} if endpoint.api_key else {}


class GeminiParser(BodyParser):
    """Reads `candidates`. A function call comes whole, in one part; several have the indexes 0, 1, …"""

    ends_with_done = False

    def __init__(self, *, wants_stream: bool) -> None:
        super().__init__(wants_stream=wants_stream)
        self._array = JSONArrayDecoder()
        self._calls: dict[int, int] = {}  # how many there were, by choice
        self._cited: set[bytes] = set()
        self._bare = bytearray()  # lines of an error that stands bare among the events

    def close(self) -> list[Part]:
        parts = super().close()
        if self._take == self._elements and not self._array.count and self.error is not None:
            self.error = malformed("JSON without candidates")
        return parts

    def _ends_with_body(self) -> bool:
        return self.finish_reason is not None

    def _sniff(self, raw: bytes) -> list[Part]:
        held = bytes(self._held) + raw
        if held.removeprefix(BOM).lstrip()[:1] != b"[":
            return super()._sniff(raw)
        self._held.clear()
        self._take = self._elements
        return self._elements(held)

    def _elements(self, raw: bytes) -> list[Part]:
        parts: list[Part] = []
        try:
            for element in self._array.feed(raw):
                self._named("message", self._repaired(element.data, element.end, parts), element.end, parts)
        except ProviderError as error:
            self.error = error
        self.error = self.error or self._array.error
        return parts

    def _stray(self, item: Any) -> None:
        line: bytes = item.line
        if not self._bare and not line.lstrip().startswith(b"{"):
            return
        self._bare += line + b"\n"
        if not line.rstrip().endswith(b"}"):
            return
        try:
            value, _ = loosejson.loads(bytes(self._bare))
        except ValueError:
            if len(self._bare) > _ERROR_BYTES:
                self._bare.clear()
            return
        self._bare.clear()
        if isinstance(value, dict) and refusals.is_error(value):
            raise refusals.from_object(value)

    def _event(self, value: Mapping[str, Any], end: int, parts: list[Part]) -> None:
        candidates = objects(value.get("candidates") or [])
        if not candidates:
            if "choices" in value:
                raise malformed("tokens of another dialect")
            if reason := mapping(value.get("promptFeedback")).get("blockReason"):
                raise ContentFiltered(f"The provider's content filter refused the prompt ({reason}): rephrase it.")
        for candidate in candidates:
            self._candidate(candidate, end, parts)
        if usage := mapping(value.get("usageMetadata")):
            self._usage(usage, end, parts)

    def _answer(self, value: Mapping[str, Any], end: int, parts: list[Part]) -> None:
        if value.keys().isdisjoint({"candidates", "promptFeedback"}):
            raise malformed("JSON without candidates")
        self._event(value, end, parts)

    def _usage(self, own: Mapping[str, Any], end: int, parts: list[Part]) -> None:
        """It grows with each event. Tokens of thoughts and of tools' results are counted as OpenAI counts them."""
        given = whole(own.get("promptTokenCount")) + whole(own.get("toolUsePromptTokenCount"))
        made = whole(own.get("candidatesTokenCount")) + whole(own.get("thoughtsTokenCount"))
        usage = counted(own, given, made, own.get("totalTokenCount"))
        if usage != self.usage:
            self.usage = usage
            parts.append(Part(USAGE, usage, end))

    def _candidate(self, candidate: Mapping[str, Any], end: int, parts: list[Part]) -> None:
        choice = place(candidate.get("index"))
        found = [
            data
            for part in objects(mapping(candidate.get("content")).get("parts") or [])
            for data in self._part(part, choice, end, parts)
        ]
        if probabilities := _logprobs(mapping(candidate.get("logprobsResult"))):
            if found:
                found[0]["logprobs"] = probabilities
            else:
                found.append({"logprobs": probabilities})
        if citations := self._citations(candidate):
            found.append({"citations": citations})
        for data in found:
            if choice:
                data["choice"] = choice
            parts.append(Part(CHUNK, data["text"] if data.keys() == {"text"} else data, end))
        reason = candidate.get("finishReason")
        if reason and isinstance(reason, str) and (choice == 0 or self.finish_reason is None):
            self.finish_reason = reason

    def _part(self, part: Mapping[str, Any], choice: int, end: int, parts: list[Part]) -> list[dict[str, Any]]:
        if "text" in part:
            text = string(part["text"] or "")
            return [{"reasoning" if part.get("thought") else "text": text}] if text else []
        if call := mapping(part.get("functionCall")):
            index = self._calls.get(choice, 0)
            self._calls[choice] = index + 1
            return [call_piece(index, call.get("id"), call.get("name"), call.get("args") or {})]
        kinds = sorted(part.keys() - {"thought", "thoughtSignature"})
        if kinds and "not_text" not in self._noticed:
            self._noticed.add("not_text")
            message = f"The answer has a part that is no text ({', '.join(kinds)}): only the recorded bytes hold it."
            parts.append(Part(NOTICE, {"code": "not_text", "message": message}, end))
        return []

    def _citations(self, candidate: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Recited sources, and the pages of a search. Later events may tell them again: each counts once."""
        told = mapping(candidate.get("citationMetadata"))
        sources = [*objects(told.get("citationSources") or []), *objects(told.get("citations") or [])]
        sources += objects(mapping(candidate.get("groundingMetadata")).get("groundingChunks") or [])
        found = []
        for source in sources:
            key = orjson.dumps(source)
            if key not in self._cited:
                self._cited.add(key)
                found.append(source)
        return found


def _logprobs(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`topCandidates` runs along `chosenCandidates`."""
    tops = objects(result.get("topCandidates") or [])
    found = []
    for position, chosen in enumerate(objects(result.get("chosenCandidates") or [])):
        entry = _logprob(chosen)
        if position < len(tops) and (others := objects(tops[position].get("candidates") or [])):
            entry["top_logprobs"] = [_logprob(other) for other in others]
        found.append(entry)
    return found


def _logprob(candidate: Mapping[str, Any]) -> dict[str, Any]:
    return {"token": string(candidate.get("token") or ""), "logprob": number(candidate.get("logProbability"))}
