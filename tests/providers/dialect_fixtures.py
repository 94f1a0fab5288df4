"""The fixtures of dialects, as tests/providers/fixtures/README.md describes them."""

import itertools
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson

from playground.providers.dialects.base import Part
from playground.providers.request import GenerationRequest, Message, Parameters

FOLDER: Final = Path(__file__).parent / "fixtures"
CONTENT_TYPES: Final = {
    ".sse": "text/event-stream",
    ".ndjson": "application/x-ndjson",
    ".json": "application/json",
}
EXPECTED: Final = ".expected.json"
MANIFEST: Final = "dialect.json"

# What an answer can carry. A dialect shows each in a fixture, or its manifest says under `lacks` why it cannot.
FEATURES: Final = (
    "text",
    "reasoning",
    "tool call",
    "streamed arguments",
    "refusal",
    "citations",
    "logprobs",
    "usage",
    "stop reason",
    "length",
    "content filter",
    "error in the stream",
    "keepalive",
    "whole answer",
)


@dataclass(frozen=True)
class Fixture:
    """One answer: its bytes, and what they mean. `source`: the documentation that it was written from."""

    dialect: str
    name: str
    content_type: str
    raw: bytes
    source: str
    parts: list[tuple[str, Any]]
    finish_reason: str | None
    error: str | None

    def __str__(self) -> str:
        return f"{self.dialect}/{self.name}"

    @property
    def is_whole(self) -> bool:
        return self.content_type == "application/json"

    @property
    def text(self) -> str:
        return "".join(text_of(data) for kind, data in self.parts if kind == "chunk")

    def boundaries(self) -> list[int]:
        """Where one event of the stream ends and the next begins; not the end of the stream."""
        end = b"\n" if self.content_type == "application/x-ndjson" else b"\n\n"
        raw = self.raw.replace(b"\r\n", b"\n\0")  # as long as before
        end, raw = (b"\n\0\n\0", raw) if b"\0" in raw else (end, raw)
        found, at = [], raw.find(end)
        while at != -1:
            found.append(at + len(end))
            at = raw.find(end, at + len(end))
        return [at for at in found if at < len(raw)]

    def pieces(self) -> list[bytes]:
        """The stream, event by event."""
        edges = [0, *self.boundaries(), len(self.raw)]
        return [self.raw[start:end] for start, end in itertools.pairwise(edges)]

    def request(self) -> GenerationRequest:
        return GenerationRequest("m", (Message("user", "Hi"),), stream=not self.is_whole)


def text_of(data: Any) -> str:
    return data if isinstance(data, str) else str(data.get("text", ""))


@cache
def manifest(dialect: str) -> dict[str, Any]:
    value: dict[str, Any] = orjson.loads((FOLDER / dialect / MANIFEST).read_bytes())
    return value


@cache
def fixtures(dialect: str) -> tuple[Fixture, ...]:
    files = sorted((FOLDER / dialect).iterdir())
    return tuple(
        _fixture(dialect, file)
        for file in files
        if file.suffix in CONTENT_TYPES and not file.name.endswith(EXPECTED) and file.name != MANIFEST
    )


def fixture(dialect: str, name: str) -> Fixture:
    return next(found for found in fixtures(dialect) if found.name == name)


def _fixture(dialect: str, file: Path) -> Fixture:
    expected = orjson.loads(file.with_suffix(EXPECTED).read_bytes())
    return Fixture(
        dialect,
        file.stem,
        CONTENT_TYPES[file.suffix],
        file.read_bytes(),
        expected["source"],
        [_part(part) for part in expected["parts"]],
        expected.get("finish_reason"),
        expected.get("error"),
    )


def _part(given: Any) -> tuple[str, Any]:
    return (given[0], given[1]) if isinstance(given, list) else ("chunk", given)


def plain(parts: list[Part]) -> list[tuple[str, Any]]:
    return [(part.kind, part.data) for part in parts]


# --- what is asked -----------------------------------------------------------------------------------------------

WEATHER: Final = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
CALL: Final = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Oslo"}'}}
HI: Final = (Message("user", "Hi"),)

# Each dialect says in its manifest, under `requests`, what these become.
REQUESTS: Final = {
    "text": GenerationRequest("m", HI),
    "whole": GenerationRequest("m", HI, stream=False),
    "system": GenerationRequest(
        "m",
        (Message("system", "Be short."), *HI, Message("assistant", "Hello"), Message("user", "Why?")),
    ),
    "parameters": GenerationRequest(
        "m", HI, Parameters(0.5, 0.9, 16, ("END",), 7, logprobs=True, top_logprobs=2, extra={"custom_option": 1})
    ),
    "tools": GenerationRequest(
        "m",
        (
            Message("user", "Weather?"),
            Message("assistant", "", {"tool_calls": [CALL]}),
            Message("tool", "Rain", {"tool_call_id": "call_1"}),
        ),
        Parameters(tools=(WEATHER,), tool_choice="auto"),
    ),
    "chosen tool": GenerationRequest(
        "m", HI, Parameters(tools=(WEATHER,), tool_choice={"type": "function", "function": {"name": "weather"}})
    ),
}
