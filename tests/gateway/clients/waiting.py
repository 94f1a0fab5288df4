"""Waiting for what another process does."""

import threading
import time
from collections.abc import Callable

PATIENCE_S = 20.0


def until(holds: Callable[[], bool]) -> None:
    """Returns as soon as `holds`; fails after PATIENCE_S."""
    deadline = time.monotonic() + PATIENCE_S
    pause = threading.Event()
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        pause.wait(0.05)
