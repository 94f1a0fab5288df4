"""Why the embedded model cannot answer. Each says what to do, and offers the simulator."""

import signal
from typing import Final

from playground.providers.errors import ProviderError

_OFFER: Final = "Until then, sim/sim-n256-r50-d100 shows a simulated stream."
_BY_SIGNAL: Final[dict[int, str]] = {
    signal.SIGILL: "this processor lacks instructions that it needs",
    signal.SIGKILL: "the system killed it, probably for want of memory",
}


class EmbeddedModelUnavailable(ProviderError):
    code = "model_unavailable"

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason} {_OFFER}")


class EmbeddedModelFailed(EmbeddedModelUnavailable):
    """It could run here as far as we can see, and did not start."""

    code = "model_failed"
    retryable = True

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The demo model did not start: {reason}. Try again, or add a connection to a model elsewhere."
        )


def death(returncode: int | None) -> str:
    """How a child ended, in words."""
    if returncode is None:
        return "it stopped"
    if returncode < 0:
        return _BY_SIGNAL.get(-returncode, f"signal {-returncode} ended it")
    return f"it stopped with status {returncode}"
