"""Asks a child whether it still answers."""

import asyncio
from typing import Final

_TIMEOUT_S: Final = 5.0


async def answers(port: int) -> bool:
    """GET /health, which needs no key. A plain socket: no HTTP client is worth its weight for a status line."""
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                status_line = await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
    return status_line.split(b" ")[1:2] == [b"200"]
