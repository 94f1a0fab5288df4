"""What a model yields: text that carries what came with it."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Self

_NO_DETAILS: Final[Mapping[str, Any]] = {}


class Chunk(str):
    """A piece of an answer, or (from `invoke`) the whole of it. It is a `str`: print it, join it, search it.

    reasoning, refusal  text that is not part of the answer; `str(chunk)` is "" where only one of these came
    tool_calls          pieces of tool calls, `{index, id?, name?, arguments?}`, as they were cut; whole in a sum
    logprobs            `{token, logprob, bytes?, top_logprobs?}` for each token, if asked for
    citations           what it rests on, as the provider has it
    finish_reason       why the answer ended; on the last chunk only, as is `usage`
    usage               the provider's own count of tokens, None if it sent none
    one_chunk           the provider did not stream: this is its whole answer
    attempt             the number of the request that it answers: more than 1 after retries
    id                  one for all chunks of a run

    Chunks can be added; the sum has what all of them had. `content`, `response_metadata` and `usage_metadata` are what
    LangChain's messages call these things.
    """

    __slots__ = (
        "attempt",
        "citations",
        "finish_reason",
        "id",
        "logprobs",
        "model",
        "one_chunk",
        "reasoning",
        "refusal",
        "tool_calls",
        "usage",
    )

    reasoning: str
    refusal: str
    tool_calls: tuple[Mapping[str, Any], ...]
    logprobs: tuple[Mapping[str, Any], ...]
    citations: tuple[Mapping[str, Any], ...]
    finish_reason: str | None
    usage: Mapping[str, Any] | None
    one_chunk: bool
    attempt: int
    id: str
    model: str

    def __new__(
        cls, text: str = "", details: Mapping[str, Any] = _NO_DETAILS, *, chunk_id: str = "", model: str = ""
    ) -> Self:
        """`details`: any of the attributes above by their name, or a chunk event's data (`recording.events`)."""
        chunk = super().__new__(cls, text)
        chunk.reasoning = details.get("reasoning", "")
        chunk.refusal = details.get("refusal", "")
        chunk.tool_calls = (details["tool_call"],) if "tool_call" in details else tuple(details.get("tool_calls", ()))
        chunk.logprobs = tuple(details.get("logprobs", ()))
        chunk.citations = tuple(details.get("citations", ()))
        chunk.finish_reason = details.get("finish_reason")
        chunk.usage = details.get("usage")
        chunk.one_chunk = details.get("one_chunk", False)
        chunk.attempt = details.get("attempt", 1)
        chunk.id = chunk_id
        chunk.model = model
        return chunk

    @classmethod
    def total(cls, chunks: Iterable["Chunk"]) -> "Chunk":
        """All of `chunks` as one."""
        pieces = list(chunks)
        last = pieces[-1] if pieces else cls()
        details = {
            "reasoning": "".join(piece.reasoning for piece in pieces),
            "refusal": "".join(piece.refusal for piece in pieces),
            "tool_calls": _joined_calls(call for piece in pieces for call in piece.tool_calls),
            "logprobs": [entry for piece in pieces for entry in piece.logprobs],
            "citations": [cited for piece in pieces for cited in piece.citations],
            "finish_reason": next((piece.finish_reason for piece in reversed(pieces) if piece.finish_reason), None),
            "usage": next((piece.usage for piece in reversed(pieces) if piece.usage is not None), None),
            "one_chunk": any(piece.one_chunk for piece in pieces),
            "attempt": max((piece.attempt for piece in pieces), default=1),
        }
        return cls("".join(pieces), details, chunk_id=last.id, model=last.model)

    def __add__(self, other: str) -> str:
        """The text of both; with another chunk, a chunk."""
        if isinstance(other, Chunk):
            return Chunk.total([self, other])
        return str(self) + other

    @property
    def content(self) -> str:
        return str(self)

    @property
    def response_metadata(self) -> dict[str, Any]:
        """`{finish_reason, model_name}` on the last chunk, empty before it."""
        return {"finish_reason": self.finish_reason, "model_name": self.model} if self.finish_reason else {}

    @property
    def usage_metadata(self) -> dict[str, int] | None:
        """`{input_tokens, output_tokens, total_tokens}`."""
        if self.usage is None:
            return None
        given = int(self.usage.get("prompt_tokens") or 0)
        made = int(self.usage.get("completion_tokens") or 0)
        total = int(self.usage.get("total_tokens") or given + made)
        return {"input_tokens": given, "output_tokens": made, "total_tokens": total}

    def as_message(self) -> dict[str, Any]:
        """As LangChain's messages look in JSON."""
        extra = {"reasoning_content": self.reasoning, "refusal": self.refusal, "citations": list(self.citations)}
        message = {
            "type": "AIMessageChunk",
            "content": str(self),
            "id": self.id,
            "additional_kwargs": {name: value for name, value in extra.items() if value},
            "response_metadata": self.response_metadata,
            "tool_call_chunks": [dict(call) for call in self.tool_calls],
        }
        return message if self.usage is None else message | {"usage_metadata": self.usage_metadata}


def _joined_calls(pieces: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    calls: dict[int, dict[str, Any]] = {}
    for piece in pieces:
        call = calls.setdefault(piece["index"], {"index": piece["index"]})
        for name in ("id", "name"):
            if piece.get(name):
                call.setdefault(name, piece[name])
        if piece.get("arguments"):
            call["arguments"] = call.get("arguments", "") + piece["arguments"]
    return list(calls.values())
