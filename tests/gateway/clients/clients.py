"""LangChain's models with HTTP clients of their own: the usual ones are shared, and open until the process ends."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from openai import DefaultAsyncHttpxClient, DefaultHttpxClient

T = TypeVar("T")


class Maker:
    """Makes models of one kind with the same options."""

    def __init__(self, kind: Callable[..., Any], **options: Any) -> None:
        self._kind = kind
        self._options = options

    @contextmanager
    def opened(self, **options: Any) -> Iterator[Any]:
        """A model for its sync methods."""
        with DefaultHttpxClient() as client:
            yield self._kind(http_client=client, **self._options, **options)

    def run(self, work: Callable[[Any], Awaitable[T]]) -> T:
        """What `work` gets from a model by its async methods."""

        async def main() -> T:
            async with DefaultAsyncHttpxClient() as client:
                return await work(self._kind(http_async_client=client, **self._options))

        return asyncio.run(main())
