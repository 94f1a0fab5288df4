"""How long events wait to share a frame. The window follows the event loop's lag, not the stream's rate.

While the loop keeps up, each event goes out at once: a window would only add delay, and one of 16 ms measured worse
than none. When the loop falls behind, fewer and larger frames are what helps it.
"""

from collections import deque
from typing import Final

from playground.recording.metrics import percentile

SAMPLE_EVERY_S: Final = 0.02
_SAMPLES: Final = 100  # two seconds of them
_STEPS: Final = ((0.010, 0.0), (0.100, 0.033))  # lag below, window; above the last: _LONGEST
_LONGEST: Final = 0.050
_OVERLOAD_S: Final = 3.0
_BUSY: Final = 0.8


class Pacer:
    """Turns samples of the loop's lag into the window, all in seconds.

    `overload` is the mean lag of about the last three seconds, as far as it is of this process's own making: while that
    is high the loop is behind all the time, not for a moment, and less work would help.
    """

    def __init__(self) -> None:
        self._lags: deque[float] = deque(maxlen=_SAMPLES)
        self._taken = 0
        self.overload = 0.0
        self.lag_p99 = 0.0
        self.window = 0.0

    def sample(self, lag: float, busy: float = 1.0) -> None:
        """Take one sample: by how much a timer of SAMPLE_EVERY_S came late. `busy`: how much of that time this process
        was on a processor; what others on the machine take from it is no reason to do less."""
        own = lag if busy > _BUSY else 0.0
        self.overload += (own - self.overload) * min(1.0, (SAMPLE_EVERY_S + max(lag, 0.0)) / _OVERLOAD_S)
        self._lags.append(lag)
        self._taken += 1
        if self._taken % 10 == 0:
            self.lag_p99 = percentile(sorted(self._lags), 0.99)
            self.window = next((window for below, window in _STEPS if self.lag_p99 < below), _LONGEST)
