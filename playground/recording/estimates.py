"""How many tokens an answer had, where its provider did not tell: an estimate, and marked as one."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from playground.recording.events import CHUNK, Event

LARGE_CHUNK: Final = 12  # characters on average: a provider that streams token by token stays below
NARROW_PER_TOKEN: Final = 4  # letters of an alphabet; of a wide script (Chinese, Japanese, Korean) each is a token
_WIDE_FROM: Final = "\u2e80"


def used(told: Mapping[str, Any] | None, events: Sequence[Event]) -> dict[str, Any] | None:
    """What `told`, the provider's usage, says; without a count of the answer, with ours and `"estimated": True`.

    A stream that was cut may have told the first of its counts only, which is less than the chunks that came: that is
    none. The prompt is not estimated: only the provider knows what it made of it. None where nothing is known.
    """
    usage = dict(told) if told is not None else None
    texts = [_written(event) for event in events if event.kind == CHUNK]
    count = (usage or {}).get("completion_tokens")
    is_told = type(count) is int and (count >= len(texts) or not _was_cut(events))
    if is_told or not texts:
        return usage
    stale = {"total_tokens"} if count is not None else set()
    kept = {name: value for name, value in (usage or {}).items() if name not in stale}
    return {**kept, "completion_tokens": tokens_in(texts), "estimated": True}


def tokens_in(chunks: Sequence[str]) -> int:
    """A token a chunk; where the chunks are larger than tokens, as many as their characters make."""
    text = "".join(chunks)
    if len(text) <= LARGE_CHUNK * len(chunks):
        return len(chunks)
    wide = sum(character >= _WIDE_FROM for character in text)
    return wide + math.ceil((len(text) - wide) / NARROW_PER_TOKEN)


def _was_cut(events: Sequence[Event]) -> bool:
    """Whether the stream ended early, so that its count may be of the beginning alone."""
    end = events[-1].data
    return isinstance(end, Mapping) and end.get("status") not in ("completed", "filtered")


def _written(event: Event) -> str:
    """All that the model wrote in a chunk."""
    data = event.data
    if isinstance(data, str):
        return data
    call = data.get("tool_call") or {}
    parts = (data.get("text"), data.get("reasoning"), data.get("refusal"), call.get("name"), call.get("arguments"))
    return "".join(part for part in parts if isinstance(part, str))
