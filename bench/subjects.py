"""What is measured, by name."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from bench.processes import Subject, bare, product, two_products, uvicorn


def _direct(name: str, upstream_url: str) -> Subject:
    """Nothing between the upstream and the load."""
    return Subject(name, name, upstream_url.removesuffix("/v1") if name == "raw" else upstream_url)


_Starter = Callable[[str, str, Path], AbstractContextManager[Subject]]
_STARTERS: Final[dict[str, _Starter]] = {
    "relay": partial(bare, reader="relay", module="relay"),
    "relay-aiohttp": partial(bare, reader="relay", module="relay", transport="aiohttp"),
    "relay-uvicorn": partial(bare, reader="relay", module="relay", server=uvicorn),
    "hub": partial(bare, reader="hub", module="hub"),
    "pass-through": partial(bare, reader="raw", module="passthrough"),
    "playground": product,
    "playground-uvicorn": partial(product, server=uvicorn),
    "gateway": product,
    "over-redis": two_products,
}
NAMES: Final = ("raw", "httpx", *_STARTERS)


@contextmanager
def start(names: list[str], upstream_url: str, folder: Path) -> Iterator[list[Subject]]:
    """The subjects, each running until the end: idle ones cost nothing, and memory shows what stays."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(_STARTERS[name](name, upstream_url, folder))
            if name in _STARTERS
            else _direct(name, upstream_url)
            for name in names
        ]
