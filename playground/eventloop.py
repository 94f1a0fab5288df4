"""The event loop of the server process."""

import asyncio
import importlib.util


def install_fast_loop() -> None:
    """Make uvloop the loop that Daphne's reactor will run on, where uvloop can be installed.

    Must run before anything imports `daphne` (its reactor takes the loop of the policy at that moment).
    """
    if importlib.util.find_spec("uvloop") is None:
        return
    import uvloop

    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
