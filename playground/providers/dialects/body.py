"""What the dialects over server-sent events share: telling a stream from JSON and HTML, errors, keepalives, the end."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

import orjson

from playground.providers import refusals
from playground.providers.dialects.base import Part
from playground.providers.errors import MalformedAnswer, NoEndMarker, NotAModelAnswer, ProviderError
from playground.providers.loosejson import DEEPEST, REPAIRS, TooDeep, is_too_deep, loads
from playground.providers.sse import BOM, LIMIT, SSEComment, SSEDecoder, SSEEvent, SSEItem, too_long
from playground.recording.events import KEEPALIVE, NOTICE

ONE_CHUNK: Final = {"code": "one_chunk", "message": "The provider did not stream: its whole answer came as one chunk."}
DONE: Final = b"[DONE]"
_DEEP: Final = "JSON that is nested too deeply"
_BLANK: Final = b" \t\r\n" + BOM


class BodyParser(ABC):
    """Reads one answer; see `Parser`. A dialect says what an event (`_event`) and a whole answer (`_answer`) mean.

    The first byte that is not white space tells what the body is, whatever its Content-Type: `{` or `[` JSON, `<` a web
    page, anything else a stream. `wants_stream`: whether an answer in JSON deserves a notice. `ends_with_done`: whether
    `[DONE]` is the dialect's end marker; where it is not, it says nothing.
    """

    ends_with_done: ClassVar[bool] = True

    def __init__(self, *, wants_stream: bool) -> None:
        self.finish_reason: str | None = None
        self.usage: Mapping[str, Any] | None = None
        self.error: ProviderError | None = None
        self.done = False
        self._wants_stream = wants_stream
        self._held = bytearray()  # the body until its kind is known; all of it if it is JSON
        self._decoder = SSEDecoder()
        self._take: Callable[[bytes], list[Part]] = self._sniff
        self._understood = self._strange = False
        self._noticed: set[str] = set()

    def feed(self, raw: bytes) -> list[Part]:
        return [] if self._over else self._take(raw)

    def close(self) -> list[Part]:
        parts: list[Part] = []
        if self._over:
            return parts
        if self._take == self._hold:
            self._whole(parts)
        elif self._take == self._stream:
            parts = self._items(self._decoder.close(), closing=True)
        if not self._over:
            if self._ends_with_body():
                self.done = True
            else:
                self.error = self._unfinished()
        return parts

    def _ends_with_body(self) -> bool:
        """Whether the answer is complete now that the body has ended without an end marker."""
        return False

    @property
    def _over(self) -> bool:
        return self.done or self.error is not None

    @abstractmethod
    def _event(self, value: Mapping[str, Any], end: int, parts: list[Part]) -> None:
        """Append what one event of the stream says. Raises MalformedAnswer."""

    @abstractmethod
    def _answer(self, value: Mapping[str, Any], end: int, parts: list[Part]) -> None:
        """Append what a whole answer in JSON says. Raises MalformedAnswer."""

    def _sniff(self, raw: bytes) -> list[Part]:
        self._held += raw
        if not raw.strip(_BLANK):  # some servers keep a connection alive by blank lines before an answer in JSON
            return self._hold(b"")
        start = bytes(self._held).removeprefix(BOM).lstrip()[:1]
        if start == b"<":
            self.error = _not_a_model("a web page")
            return []
        self._take = self._hold if start in (b"{", b"[") else self._stream
        held = bytes(self._held)
        self._held.clear()
        return self._take(held)

    def _hold(self, raw: bytes) -> list[Part]:
        self._held += raw
        if len(self._held) > LIMIT:
            self._held.clear()
            self.error = too_long(LIMIT)
        return []

    def _stream(self, raw: bytes) -> list[Part]:
        return self._items(self._decoder.feed(raw))

    def _items(self, items: list[SSEItem], *, closing: bool = False) -> list[Part]:
        parts: list[Part] = []
        try:
            for item in items:
                if type(item) is SSEEvent:
                    self._sse_event(item, parts)
                    if self.done:
                        return parts
                elif type(item) is SSEComment:
                    parts.append(Part(KEEPALIVE, {"comment": item.text} if item.text else {}, item.end))
                    self._understood = True
                else:
                    self._strange = True
                    self._stray(item)
        except ProviderError as error:
            # An event that the end of the body cut off is a sign of that, not of a broken provider.
            self.error = None if closing and isinstance(error, MalformedAnswer) else error
        self.error = self.error or self._decoder.error
        return parts

    def _sse_event(self, item: SSEEvent, parts: list[Part]) -> None:
        data = item.data
        self._understood = True
        try:
            value = orjson.loads(data)
        except orjson.JSONDecodeError:
            stripped = data.strip()
            if stripped == DONE:
                self.done = self.ends_with_done
                return
            if is_keepalive(stripped):
                comment = stripped[1:].strip().decode("utf-8", "replace")
                parts.append(Part(KEEPALIVE, {"comment": comment} if comment else {}, item.end))
                return
            if item.event == "error":
                raise refusals.from_object({"error": item.text}) from None
            value = self._repaired(data, item.end, parts)
        if len(data) > 2 * DEEPEST and is_too_deep(data, value):
            raise malformed(_DEEP)
        self._named(item.event, value, item.end, parts)

    def _named(self, name: str, value: Any, end: int, parts: list[Part]) -> None:
        """Append what the event `name` says; for dialects whose data does not tell. Raises ProviderError."""
        if type(value) is not dict:
            raise malformed("JSON that is no object")
        if name == "error" or refusals.is_error(value):
            raise refusals.from_object(value)
        self._event(value, end, parts)

    def _stray(self, item: Any) -> None:
        """Some servers put an error into a line of its own: `error: {…}` (llama.cpp of old), or bare JSON."""
        line: bytes = item.line
        if not line.startswith((b"error:", b"{")):
            return
        try:
            value, _ = loads(line.removeprefix(b"error:"))
        except ValueError:
            return
        if isinstance(value, dict) and (line[:1] == b"e" or refusals.is_error(value)):
            raise refusals.from_object(value)

    def _whole(self, parts: list[Part]) -> None:
        body = bytes(self._held)
        try:
            value = self._repaired(body.removeprefix(BOM), len(body), parts)
            if isinstance(value, list) and len(value) == 1:  # Gemini's OpenAI endpoint wraps errors so
                value = value[0]
            if not isinstance(value, dict):
                raise malformed("JSON that is no object")
            if refusals.is_error(value):
                raise refusals.from_object(value)
            found: list[Part] = []
            self._answer(value, len(body), found)
            if self._wants_stream:
                parts.append(Part(NOTICE, ONE_CHUNK, len(body)))
            parts += found
            self.done = True
        except ProviderError as error:
            self.error = error

    def _repaired(self, raw: bytes, end: int, parts: list[Part]) -> Any:
        try:
            value, repairs = loads(raw)
        except TooDeep:
            raise malformed(_DEEP) from None
        except ValueError:
            raise malformed("broken JSON") from None
        for code in repairs:
            if code not in self._noticed:
                self._noticed.add(code)
                parts.append(Part(NOTICE, {"code": code, "message": REPAIRS[code]}, end))
        return value

    def _unfinished(self) -> ProviderError:
        if self._strange and not self._understood:
            return _not_a_model("something else than a stream of tokens")
        return NoEndMarker(
            "The provider closed the stream without its end marker, so the answer may be incomplete: continue or "
            "retry it."
        ).told(early="The provider closed the stream before the answer began: retry it.")


def is_keepalive(data: bytes) -> bool:
    """Whether an event's data says nothing: blank, or `: keepalive`, as some proxies write a comment."""
    return data.strip()[:1] in (b"", b":")


def malformed(found: str) -> MalformedAnswer:
    return MalformedAnswer(
        f"The provider sent {found} instead of tokens: check that the dialect of the connection fits the base URL."
    ).told(late=f"The provider sent {found} in the middle of the answer: what came is kept; continue or retry it.")


def _not_a_model(found: str) -> NotAModelAnswer:
    return NotAModelAnswer(
        f"The address answered with {found}: check that the base URL is that of the API, with its /v1 where it has one."
    )
