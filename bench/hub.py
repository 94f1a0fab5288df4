"""The bare hub that a run with an audience is compared with: what a stream says is sent to all sockets that are open.

One socket asks, as of `bench.relay`; each token is encoded once, and sent to all in turn.

    BENCH_UPSTREAM=http://127.0.0.1:PORT/v1 daphne bench.hub:application
"""

from channels.routing import ProtocolTypeRouter

from bench.relay import Relay


class Hub(Relay):
    sockets: "set[Hub]" = set()  # noqa: RUF012  (of all instances)

    async def connect(self) -> None:
        await self.accept()
        self.sockets.add(self)

    async def disconnect(self, code: int) -> None:
        self.sockets.discard(self)
        await super().disconnect(code)

    async def tell(self, message: str) -> None:
        for socket in list(self.sockets):
            await socket.send(text_data=message)


application = ProtocolTypeRouter({"websocket": Hub.as_asgi()})
