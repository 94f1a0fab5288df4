"""httpx without its command line: where rich and click are installed it loads them too, 3 MiB that no server uses."""

import sys

sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # as `import` says that there is none

import httpx  # noqa: E402  (it must find that)
from httpx_aiohttp import AiohttpTransport  # noqa: E402

__all__ = ["AiohttpTransport", "httpx"]
