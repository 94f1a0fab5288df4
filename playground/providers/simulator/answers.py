"""The JSON of an answer, and the order and time in which its pieces go out."""

import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson

from playground.providers.simulator.ask import Ask
from playground.providers.simulator.steps import Step
from playground.providers.simulator.tokens import Token, after_part, answer_tokens, cut_at_stop, make_token

_MARK = "@@"  # stands for a token's text in a template; no model name can hold it


@dataclass(slots=True)
class Answer:
    """One answer, a `steps.Source`. `pieces()` are the payloads of server-sent events, `whole()` is it in one piece."""

    ask: Ask
    number: int
    _tokens: list[Token] = field(init=False)
    _finish: str = field(init=False, default="stop")

    def __post_init__(self) -> None:
        script, limit = self.ask.script, self.ask.max_tokens
        if script.text == "clock":
            self._tokens = [make_token("")] * script.tokens
        elif self.ask.continues:
            whole = answer_tokens(script.text, script.tokens, self.ask.seed, self.ask.language)
            self._tokens = after_part(whole, self.ask.continues)
        else:
            count = script.tokens if limit is None else min(script.tokens, limit + 1)
            self._tokens = answer_tokens(script.text, count, self.ask.seed, self.ask.language)
        if limit is not None and limit < len(self._tokens):
            self._tokens, self._finish = self._tokens[:limit], "length"
        if script.text == "clock":
            return
        if self.ask.stop:
            self._tokens, stopped = cut_at_stop(self._tokens, self.ask.stop)
            self._finish = "stop" if stopped else self._finish

    @property
    def count(self) -> int:
        return len(self._tokens)

    def due(self, index: int) -> float:
        """When token `index` goes out."""
        return self.ask.script.due(index)

    @property
    def last_due(self) -> float:
        return self.due(max(len(self._tokens) - 1, 0))

    def pieces(self) -> Iterator[Step]:
        yield from self.opening()
        yield from self.tokens()
        yield from self.closing()
        yield self.end()

    def opening(self) -> Iterator[Step]:
        if self.ask.chat:
            yield self.ask.script.delay, self._event(delta={"role": "assistant", "content": "", "refusal": None})

    def tokens(self) -> Iterator[Step]:
        return self._clock_pieces() if self.ask.script.text == "clock" else self._token_pieces()

    def closing(self) -> Iterator[Step]:
        last = self.last_due
        yield last, self._event(text="", delta={}, finish=self._finish)
        if self.ask.include_usage:
            yield last, _sse(self._envelope([]) | {"usage": self._usage()})

    def end(self) -> Step:
        return self.last_due, b"data: [DONE]\n\n"

    def event(self, text: str | None = "", finish: str | None = None, **envelope: Any) -> bytes:
        """One event with `text`; null comes with the role again. `envelope` replaces members of it."""
        delta = {"content": text} if text is not None else {"role": "assistant", "content": None}
        return self._event(delta=delta, text=text, finish=finish, **envelope)

    def _token_pieces(self) -> Iterator[Step]:
        if self.ask.logprobs is not None:
            for index, token in enumerate(self._tokens):
                logprobs = self._logprobs(index, index + 1)
                yield self.due(index), self._event(text=token.text, delta={"content": token.text}, logprobs=logprobs)
            return
        before, after = self._event(text=_MARK, delta={"content": _MARK}).split(_MARK.encode())
        for index, token in enumerate(self._tokens):
            yield self.due(index), b"%b%b%b" % (before, token.json, after)

    def _clock_pieces(self) -> Iterator[Step]:
        before, after = self._event(text=_MARK, delta={"content": _MARK}).split(_MARK.encode())

        def piece(index: int) -> bytes:
            return before + _clock_token(index) + after

        for index in range(len(self._tokens)):
            yield self.due(index), partial(piece, index)

    def whole(self) -> bytes:
        if self.ask.script.text == "clock":
            self._tokens = [make_token(_clock_token(index).decode()) for index in range(len(self._tokens))]
        text = "".join(token.text for token in self._tokens)
        logprobs = self._logprobs(0, len(self._tokens)) if self.ask.logprobs is not None else None
        choice: dict[str, Any] = {"index": 0, "logprobs": logprobs, "finish_reason": self._finish}
        if self.ask.chat:
            choice["message"] = {"role": "assistant", "content": text, "refusal": None}
        else:
            choice["text"] = text
        kind = "chat.completion" if self.ask.chat else "text_completion"
        return orjson.dumps(self._envelope([choice]) | {"object": kind, "usage": self._usage()})

    def _event(
        self,
        *,
        delta: dict[str, Any],
        text: str | None = "",
        finish: str | None = None,
        logprobs: Any = None,
        **envelope: Any,
    ) -> bytes:
        choice: dict[str, Any] = {"index": 0, "delta": delta} if self.ask.chat else {"index": 0, "text": text}
        chunk = self._envelope([choice | {"logprobs": logprobs, "finish_reason": finish}])
        if self.ask.include_usage:
            chunk["usage"] = None
        return _sse(chunk | envelope)

    def _envelope(self, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": f"{'chatcmpl' if self.ask.chat else 'cmpl'}-sim{self.number}",
            "object": "chat.completion.chunk" if self.ask.chat else "text_completion",
            "created": int(time.time()),
            "model": self.ask.model,
            "system_fingerprint": "fp_simulator",
            "choices": choices,
        }

    def _usage(self) -> dict[str, int]:
        prompt, completion = self.ask.prompt_tokens, len(self._tokens)
        return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}

    def _logprobs(self, start: int, stop: int) -> dict[str, Any]:
        tokens, alternatives = self._tokens[start:stop], self.ask.logprobs or 0
        if self.ask.chat:
            return {"content": [_chat_logprob(token, alternatives) for token in tokens], "refusal": None}
        offset = sum(len(token.text) for token in self._tokens[:start])
        return _legacy_logprobs(tokens, alternatives, offset)


def _sse(chunk: dict[str, Any]) -> bytes:
    return b"data: %b\n\n" % orjson.dumps(chunk)


def _clock_token(index: int) -> bytes:
    """Which token this is, and when it was written: microseconds of the host's monotonic clock."""
    return b"%d:%d " % (index, time.monotonic_ns() // 1000)


def _logprob(text: str, rank: int) -> float:
    """Made up, but always the same for the same text, and lower for every further alternative."""
    return -(zlib.crc32(text.encode()) % 1500) / 1000 - rank * 0.75


def _ranked(token: Token, alternatives: int) -> list[tuple[str, float]]:
    return [
        (token.text if rank == 0 else f"{token.text}~{rank}", _logprob(token.text, rank))
        for rank in range(alternatives)
    ]


def _chat_logprob(token: Token, alternatives: int) -> dict[str, Any]:
    return _scored(token.text, _logprob(token.text, 0)) | {
        "top_logprobs": [_scored(text, logprob) for text, logprob in _ranked(token, alternatives)]
    }


def _scored(text: str, logprob: float) -> dict[str, Any]:
    return {"token": text, "logprob": logprob, "bytes": list(text.encode())}


def _legacy_logprobs(tokens: Sequence[Token], alternatives: int, offset: int) -> dict[str, Any]:
    offsets = []
    for token in tokens:
        offsets.append(offset)
        offset += len(token.text)
    return {
        "tokens": [token.text for token in tokens],
        "token_logprobs": [_logprob(token.text, 0) for token in tokens],
        "top_logprobs": [dict(_ranked(token, alternatives)) for token in tokens] if alternatives else None,
        "text_offset": offsets,
    }
