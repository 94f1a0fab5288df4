"""The bare pass-through of a gateway: Daphne, and httpx as its manual says.

The client's body is posted to the upstream, and what comes back is sent on as it comes. It records, checks and limits
nothing, and stops nothing when its client goes.

    BENCH_UPSTREAM=http://127.0.0.1:PORT/v1 daphne bench.passthrough:application
"""

import os
from typing import Any

import httpx

LIMITS = httpx.Limits(max_connections=None)


class PassThrough:
    """An ASGI application for HTTP scopes."""

    client: httpx.AsyncClient | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        client = self.client = self.client or httpx.AsyncClient(limits=LIMITS, timeout=60)
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        url = os.environ["BENCH_UPSTREAM"].removesuffix("/v1") + scope["path"]
        async with client.stream("POST", url, content=body) as response:
            headers = [(b"content-type", response.headers.get("content-type", "").encode())]
            await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
            async for data in response.aiter_bytes():
                await send({"type": "http.response.body", "body": data, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


application = PassThrough()
