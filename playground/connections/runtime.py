"""Makes a resolved model reachable: starts the embedded model or the simulator if need be."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from django.conf import settings

from playground.connections import builtin
from playground.connections.catalogue import ResolvedModel
from playground.connections.embedded.supervisor import EmbeddedModel
from playground.connections.notices import Notify
from playground.providers.endpoint import Endpoint, RetryPolicy
from playground.providers.simulator import Simulator

__all__ = ["Notify", "Runtimes", "with_runtimes"]

T = TypeVar("T")

# A dead child comes back on another port, so asking the same one again is of no use.
_NEVER_AGAIN = RetryPolicy(attempts=1)
# The simulator's faults are asked for, and it is nobody's load.
_AS_OFTEN = RetryPolicy(budget=None)


class Runtimes:
    """Owns what `open` started. An async context manager that lives on one event loop; closing it stops all.

    `is_shared`: others of this loop may use them too, see `with_runtimes`.
    """

    def __init__(
        self, *, data_dir: Path | None = None, model_idle_s: float | None = None, is_shared: bool = True
    ) -> None:
        self._is_shared = is_shared
        self._guests: set[asyncio.Task[Any]] = set()
        self._embedded = EmbeddedModel(
            data_dir or settings.DATA_DIR,
            idle_s=settings.PLAYGROUND_MODEL_IDLE_S if model_idle_s is None else model_idle_s,
        )
        self._simulator: Simulator | None = None
        self._simulator_key = secrets.token_urlsafe(32)
        self._simulator_lock = asyncio.Lock()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self._embedded)
        if self._is_shared:
            _shared[asyncio.get_running_loop()] = self
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        loop = asyncio.get_running_loop()
        if _shared.get(loop) is self:
            del _shared[loop]
        for guest in self._guests:
            guest.cancel()
        await asyncio.gather(*self._guests, return_exceptions=True)
        await self._stack.aclose()

    async def host(self, work: "Callable[[Runtimes], Coroutine[Any, Any, T]]") -> T:
        """What `work` makes of these. It is cancelled when they close."""
        guest = asyncio.ensure_future(work(self))
        self._guests.add(guest)
        try:
            return await guest
        finally:
            guest.cancel()
            self._guests.discard(guest)

    @asynccontextmanager
    async def open(self, resolved: ResolvedModel, notify: Notify) -> AsyncIterator[Endpoint]:
        """The endpoint to ask, good until the context is left. Raises a ProviderError where a runtime cannot start.

        `notify` is called only inside: `model.loading` (with `progress` 0 to 1) and `model.waiting` before the context
        is entered, `model.crashed` while it is left.
        """
        if resolved.endpoint is not None:
            yield resolved.endpoint
        elif resolved.kind == "simulator":
            yield await self._simulator_endpoint()
        else:
            async with self._embedded.use(notify) as address:
                yield Endpoint(
                    dialect=builtin.DIALECT,
                    base_url=address.base_url,
                    api_key=address.key,
                    retry=_NEVER_AGAIN,
                    allow_private=True,
                )

    async def _simulator_endpoint(self) -> Endpoint:
        async with self._simulator_lock:
            if self._simulator is None:
                simulator = Simulator(api_key=self._simulator_key)
                self._simulator = await self._stack.enter_async_context(simulator)
        return Endpoint(
            dialect=builtin.DIALECT,
            base_url=self._simulator.base_url,
            api_key=self._simulator_key,
            retry=_AS_OFTEN,
            allow_private=True,
        )


_shared: dict[asyncio.AbstractEventLoop, Runtimes] = {}


async def with_runtimes(work: Callable[[Runtimes], Coroutine[Any, Any, T]]) -> T:
    """What `work` makes of the engine's runtimes, on the engine's loop: views may run on another.

    A second owner in a process would stop the demo model under the engine's runs. Where no engine runs here, there is
    none to disturb, and `work` gets runtimes that end with it.
    """
    known = next(((loop, runtimes) for loop, runtimes in _shared.items() if loop.is_running()), None)
    if known is None:
        async with Runtimes(is_shared=False) as own:
            return await work(own)
    loop, runtimes = known
    if loop is asyncio.get_running_loop():
        return await runtimes.host(work)
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(runtimes.host(work), loop))
