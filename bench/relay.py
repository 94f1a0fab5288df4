"""The bare relay that the product is compared with: the least that Daphne, Channels and httpx need to show a stream.

One WebSocket is one stream: the client sends the request's body, the relay posts it upstream and sends each token as a
message of its own. It records, stores, checks and limits nothing.

    BENCH_UPSTREAM=http://127.0.0.1:PORT/v1 daphne bench.relay:application

`BENCH_TRANSPORT=aiohttp` reads through httpx-aiohttp instead of httpx's own transport.
"""

import asyncio
import json
import os
from typing import Any

import httpx
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter
from django.conf import settings

settings.configure(CHANNEL_LAYERS={})

LIMITS = httpx.Limits(max_connections=None)


def open_client() -> httpx.AsyncClient:
    if os.environ.get("BENCH_TRANSPORT") == "aiohttp":
        # Only where it is measured: the bare relay itself must not pay for the import.
        from aiohttp import ClientSession, TCPConnector
        from httpx_aiohttp import AiohttpTransport

        transport = AiohttpTransport(client=lambda: ClientSession(connector=TCPConnector(limit=0)))
        return httpx.AsyncClient(transport=transport, timeout=60)
    return httpx.AsyncClient(limits=LIMITS, timeout=60)


class Relay(AsyncWebsocketConsumer):
    client: httpx.AsyncClient | None = None
    task: asyncio.Task[None] | None = None

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        self.task = asyncio.create_task(self.relay(json.loads(text_data or "{}")))

    async def relay(self, body: dict[str, Any]) -> None:
        client = Relay.client = Relay.client or open_client()
        url = f"{os.environ['BENCH_UPSTREAM']}/chat/completions"
        async with client.stream("POST", url, json=body) as response:
            async for line in response.aiter_lines():
                if line.startswith("data: {"):
                    text = json.loads(line[6:])["choices"][0]["delta"].get("content")
                    if text:
                        await self.tell(json.dumps({"text": text}))
        await self.tell('{"end":true}')

    async def tell(self, message: str) -> None:
        await self.send(text_data=message)

    async def disconnect(self, code: int) -> None:
        if self.task:
            self.task.cancel()


application = ProtocolTypeRouter({"websocket": Relay.as_asgi()})
