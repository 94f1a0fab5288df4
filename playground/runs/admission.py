"""How many runs may be live at once. Past it a run is refused at once; nobody waits in a queue without knowing."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from playground.errors import Busy


class Admission:
    """Counts the runs of this process, those being created included. Called from any thread."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._count = 0
        self._closed_because: Promise | str = ""
        self._lock = threading.Lock()
        self._mean_duration_s = 10.0

    @property
    def count(self) -> int:
        return self._count

    def close(self, because: Promise | str) -> None:
        """Refuse all new runs from now on; `because` is a sentence for the person who is refused."""
        self._closed_because = because

    @contextmanager
    def held(self, runs: int) -> Iterator[None]:
        """`take` places; they are given back at once if the block that creates the runs fails."""
        self.take(runs)
        created = False
        try:
            yield
            created = True
        finally:
            if not created:
                self.release(runs)

    def take(self, runs: int) -> None:
        """Take places for `runs` runs; each is given back with `release`.

        Raises:
            Busy: there are not that many left, or the process is stopping.
        """
        with self._lock:
            if self._closed_because:
                raise Busy(str(self._closed_because), retry_after=5)
            if self._count + runs > self._limit:
                wait = max(1, min(60, round(self._mean_duration_s / self._limit * runs)))
                message = _(
                    "This server is streaming all the answers it can carry (%(limit)d). Try again in %(wait)d s."
                )
                raise Busy(message % {"limit": self._limit, "wait": wait}, retry_after=wait)
            self._count += runs

    def release(self, runs: int = 1, *, duration_s: float | None = None) -> None:
        """Give places back; `duration_s` is how long a run that ended took, for the estimate of the next wait."""
        with self._lock:
            self._count -= runs
            if duration_s is not None:
                self._mean_duration_s += (duration_s - self._mean_duration_s) / 16
