"""Questions that many sockets ask the database in the same moment, asked together: what GraphQL calls a DataLoader.

When hundreds of viewers arrive at once, one query for all of them costs little more than one query for each.
"""

import asyncio
from collections.abc import Callable, Hashable, Mapping
from typing import Generic, TypeVar

from playground.runs.database import DatabaseThreads
from playground.runs.tasks import Own

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Loader(Generic[K, V]):
    """Answers by keys. Alone, a key is asked for at once; those that come while an answer is on its way go together in
    the next question, so that an answer is never older than its question.

    `load` gets keys that differ, on a database thread, and gives what it found. `own` takes tasks.
    """

    def __init__(self, threads: DatabaseThreads, load: Callable[[list[K]], Mapping[K, V]], own: Own) -> None:
        self._threads = threads
        self._load = load
        self._own = own
        self._asked: dict[K, asyncio.Future[V | None]] = {}
        self._is_loading = False

    async def get(self, key: K) -> V | None:
        """What there is of `key`. Raises what `load` raises, for all who asked together."""
        answer = self._asked.get(key)
        if answer is None:
            answer = self._asked[key] = asyncio.get_running_loop().create_future()
        if not self._is_loading:
            self._is_loading = True
            self._own(self._load_all(), f"load {self._load.__name__}")
        return await asyncio.shield(answer)  # who stops waiting must not stop the others

    async def _load_all(self) -> None:
        asked: dict[K, asyncio.Future[V | None]] = {}
        try:
            while self._asked:
                asked, self._asked = self._asked, {}
                try:
                    found = await self._threads.call(self._load, list(asked))
                except Exception as error:  # noqa: BLE001  (it is for those who asked)
                    for answer in asked.values():
                        answer.set_exception(error)
                        answer.exception()  # there may be nobody left to hear it
                else:
                    for key, answer in asked.items():
                        answer.set_result(found.get(key))
        finally:
            self._is_loading = False
            for answer in (*asked.values(), *self._asked.values()):
                answer.cancel()
            self._asked = {}
