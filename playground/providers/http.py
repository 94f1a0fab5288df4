"""The HTTP client for upstreams, and the only module that knows httpx and aiohttp.

httpx's own transport costs about 230 µs of CPU per token read; its API over aiohttp 85 (measured on the versions that
requirements.txt pins), so requests go through `httpx-aiohttp`, and bodies are read from aiohttp's stream.
"""

from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Self

import httpx

from playground.providers.dialects.base import HttpRequest
from playground.providers.endpoint import Endpoint


class UpstreamResponse:
    """An answer whose body is being read: `async for raw in response.aiter_raw()` gives what each network read gave."""

    status: int
    headers: httpx.Headers


class UpstreamClient:
    """One per event loop: `async with UpstreamClient() as http:`."""

    async def __aenter__(self) -> Self:
        raise NotImplementedError

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        raise NotImplementedError

    def stream(self, request: HttpRequest, endpoint: Endpoint) -> AbstractAsyncContextManager[UpstreamResponse]:
        """Send `request`; raises a `ProviderError` for whatever goes wrong, whatever the HTTP status is not judged."""
        raise NotImplementedError
