"""Whether an upstream stops working on an answer once its client has gone: asked of those that can be asked.

The simulator counts the answers that were left by their client (`/stats`), llama.cpp's server tells what it is
generating (`/slots`). Other providers tell nobody.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Final, Literal, Protocol

import orjson

from playground.providers.dialects import DIALECTS
from playground.providers.dialects.base import HttpRequest
from playground.providers.endpoint import Endpoint
from playground.providers.errors import ProviderError
from playground.providers.http import UpstreamClient
from playground.providers.simulator.grammar import UnknownModel, parse_model

PATIENCE_S: Final = 2.0
_LOOK_AGAIN_S: Final = 0.02
End = Literal["seen", "not_seen", "ended_first", "unobservable"]
"""Seen to stop; not seen to; it was at its end before the client had gone; or nothing tells."""
_ANSWER_BYTES: Final = 1024 * 1024
_ANSWER_S: Final = 2.0


class Watcher(Protocol):
    async def look(self) -> None:
        """Note what there is while the answer streams."""

    async def end(self) -> End:
        """How it ended, once the client has gone: asked for up to `PATIENCE_S`."""


async def watcher_of(endpoint: Endpoint, model: str, http: UpstreamClient) -> Watcher | None:
    """None where nothing tells. Only simulated models, and servers of one's own network, are asked."""
    if endpoint.dialect not in DIALECTS:  # no server: a Runnable in this process
        return None
    upstream = _Upstream(endpoint, http)
    if _is_simulated(model):
        stats = await upstream.get("/stats")
        return _Stats(upstream, stats) if isinstance(stats, dict) and {"aborted", "finished"} <= stats.keys() else None
    if not endpoint.allow_private:
        return None
    slots = await upstream.get("/slots")
    return _Slots(upstream, _generating(slots)) if isinstance(slots, list) else None


class _Upstream:
    def __init__(self, endpoint: Endpoint, http: UpstreamClient) -> None:
        self._endpoint = replace(endpoint, base_url=endpoint.base_url.rstrip("/").removesuffix("/v1"))
        asking = DIALECTS[endpoint.dialect].models_request(endpoint)
        self._headers = asking.headers if asking is not None else {}
        self._http = http

    async def get(self, path: str) -> Any:
        """The JSON at a path beside the API; None where there is none."""
        try:
            request = HttpRequest("GET", path, self._headers)
            async with asyncio.timeout(_ANSWER_S), self._http.stream(request, self._endpoint) as response:
                body = await response.read(_ANSWER_BYTES, _ANSWER_S)
            return orjson.loads(body) if response.status == 200 else None
        except (ProviderError, TimeoutError, orjson.JSONDecodeError):
            return None


class _Stats:
    def __init__(self, upstream: _Upstream, before: Mapping[str, int]) -> None:
        self._upstream = upstream
        self._before = before

    async def look(self) -> None:
        """Nothing: the counts only grow."""

    async def end(self) -> End:
        async def look() -> End | None:
            stats = await self._upstream.get("/stats") or self._before
            if stats["aborted"] > self._before["aborted"]:
                return "seen"
            return "ended_first" if stats["finished"] > self._before["finished"] else None

        return await _first_answer(look) or "not_seen"


class _Slots:
    def __init__(self, upstream: _Upstream, before: set[Any]) -> None:
        self._upstream = upstream
        self._before = before
        self._ours: set[Any] = set()

    async def look(self) -> None:
        self._ours = _generating(await self._upstream.get("/slots")) - self._before

    async def end(self) -> End:
        async def look() -> End | None:
            slots = await self._upstream.get("/slots")
            return "seen" if isinstance(slots, list) and not self._ours & _generating(slots) else None

        return await _first_answer(look) or "not_seen" if self._ours else "unobservable"


def _generating(slots: Any) -> set[Any]:
    """The tasks that are being worked on."""
    rows = [slot for slot in slots or () if isinstance(slot, dict)]
    return {(slot.get("id"), slot.get("id_task")) for slot in rows if slot.get("is_processing")}


async def _first_answer(look: Callable[[], Awaitable[End | None]]) -> End | None:
    try:
        async with asyncio.timeout(PATIENCE_S):
            while (end := await look()) is None:  # noqa: ASYNC110 (another server wakes nobody)
                await asyncio.sleep(_LOOK_AGAIN_S)
    except TimeoutError:
        return None
    return end


def _is_simulated(model: str) -> bool:
    try:
        parse_model(model)
    except UnknownModel:
        return False
    return True
