"""Stream one run: attempts, retries and timers."""

import asyncio
import random as _random
from collections.abc import Awaitable, Callable

from playground.providers.endpoint import Endpoint
from playground.providers.http import UpstreamClient
from playground.providers.request import GenerationRequest
from playground.providers.sink import Outcome, Sink


async def stream_run(
    endpoint: Endpoint,
    request: GenerationRequest,
    sink: Sink,
    *,
    http: UpstreamClient,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    random: Callable[[], float] = _random.random,
) -> Outcome:
    """Send `request`, emit what happens into `sink`, and say how it ended.

    Never raises for what the upstream does. Cancelling it closes the upstream's socket at once.
    """
    raise NotImplementedError
