"""How late the machine itself is: a promise of milliseconds holds for a machine that runs."""

import threading
import time
from types import TracebackType
from typing import Self

LOOK_EVERY_S = 0.01


class Stalls:
    """A context manager whose thread sleeps again and again, and notes by how much it was woken too late."""

    def __init__(self) -> None:
        self._late: list[tuple[float, float]] = []  # when it woke, and how late it was
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="stalls", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._thread.join()

    def longest(self, since: float, until: float) -> float:
        """By how many seconds it was woken too late, at most, between two moments of `time.monotonic()`."""
        return max((late for woke, late in self._late if since <= woke and woke - late <= until), default=0.0)

    def _look(self) -> None:
        while not self._is_over.is_set():
            due = time.monotonic() + LOOK_EVERY_S
            time.sleep(LOOK_EVERY_S)
            woke = time.monotonic()
            self._late.append((woke, woke - due))
