"""How many runs may be live at once. Past it a run is refused at once; nobody waits in a queue without knowing."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from playground.errors import Busy
from playground.runs.metrics import RUNS_REFUSED

RETRY_AFTER_S: Final = 5
OVERLOADED_LAG_S: Final = 0.25  # as `recording.pacing` measures it
OVERLOADED_FROM: Final = 50  # runs: fewer are not what keeps the loop busy
OVERLOADED_RETRY_S: Final = 2


class Admission:
    """Counts the runs of this process, those being created included. Called from any thread.

    `trouble` tells in a sentence why no run can begin at the moment, "" while one can. `lag` tells in seconds how far
    the event loop is behind: once it cannot keep up, each further run would cost the live ones their pace.
    """

    def __init__(
        self, limit: int, trouble: Callable[[], Promise | str] = str, lag: Callable[[], float] = float
    ) -> None:
        self.limit = limit
        self._trouble = trouble
        self._lag = lag
        self._count = 0
        self._closed_because: Promise | str = ""
        self._lock = threading.Lock()
        self._mean_duration_s = 10.0

    @property
    def count(self) -> int:
        return self._count

    @property
    def is_closed(self) -> bool:
        """Whether this process begins no run any more."""
        return bool(self._closed_because)

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
            Busy: there are not that many left, the event loop cannot keep up with those that live, the process is
                stopping, or what it needs is away.
        """
        with self._lock:
            if self._closed_because:
                RUNS_REFUSED.labels("stopping").inc(runs)
                raise Busy(str(self._closed_because), retry_after=RETRY_AFTER_S)
            if trouble := self._trouble():
                RUNS_REFUSED.labels("trouble").inc(runs)
                raise Busy(str(trouble), retry_after=RETRY_AFTER_S)
            if self._count >= OVERLOADED_FROM and self._lag() > OVERLOADED_LAG_S:
                RUNS_REFUSED.labels("busy").inc(runs)
                message = _("This server is busy with %(count)d answers. Try again in %(wait)d s.")
                wait = OVERLOADED_RETRY_S
                raise Busy(message % {"count": self._count, "wait": wait}, retry_after=wait)
            if self._count + runs > self.limit:
                wait = max(1, min(60, round(self._mean_duration_s / self.limit * runs)))
                message = _(
                    "This server is streaming all the answers it can carry (%(limit)d). Try again in %(wait)d s."
                )
                RUNS_REFUSED.labels("busy").inc(runs)
                raise Busy(message % {"limit": self.limit, "wait": wait}, retry_after=wait)
            self._count += runs

    def release(self, runs: int = 1, *, duration_s: float | None = None) -> None:
        """Give places back; `duration_s` is how long a run that ended took, for the estimate of the next wait."""
        with self._lock:
            self._count -= runs
            if duration_s is not None:
                self._mean_duration_s += (duration_s - self._mean_duration_s) / 16
