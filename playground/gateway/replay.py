"""`model: "replay/RUN_ID"`: a recording served again."""

from playground.errors import NotFound
from playground.gateway.calls import Call


async def replay(call: Call) -> None:
    """Answer `call` (by `call.client`) from a recording; return once all is said, or the client has gone."""
    raise NotFound("Recordings cannot be replayed here yet.", field="model")
