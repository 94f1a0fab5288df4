"""The events of a run as JSON lines: of a long one, a block at a time, so that none is in memory as a whole."""

from collections.abc import AsyncIterator, Iterator, Sequence

import orjson
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from playground.recording.events import Event
from playground.runs.apps import running_engine
from playground.runs.database import DatabaseThreads
from playground.runs.stored import EVENTS_PER_BLOCK, StoredEvents

MEDIA_TYPE = "application/x-ndjson"


def respond(events: Sequence[Event], after: int) -> HttpResponseBase:
    """The events that follow the seq `after`."""
    if not isinstance(events, StoredEvents):
        return HttpResponse(lines(events[after + 1 :]), content_type=MEDIA_TYPE)
    engine = running_engine()
    starts = range(after + 1, len(events), EVENTS_PER_BLOCK)
    parts = _one_by_one(events, starts) if engine is None else _on_threads(engine.threads, events, starts)
    return StreamingHttpResponse(parts, content_type=MEDIA_TYPE)


def lines(events: Sequence[Event]) -> bytes:
    """`{"seq", "t", "kind", "data"}` a line."""
    return b"".join(
        [
            orjson.dumps({"seq": e.seq, "t": e.t, "kind": e.kind, "data": e.data}, option=orjson.OPT_APPEND_NEWLINE)
            for e in events
        ]
    )


def _part(events: Sequence[Event], start: int) -> bytes:
    return lines(events[start : start + EVENTS_PER_BLOCK])


def _one_by_one(events: Sequence[Event], starts: Sequence[int]) -> Iterator[bytes]:
    for start in starts:
        yield _part(events, start)


async def _on_threads(threads: DatabaseThreads, events: Sequence[Event], starts: Sequence[int]) -> AsyncIterator[bytes]:
    for start in starts:
        yield await threads.call(_part, events, start)
