"""How often a client has asked before: for faults that the n-th attempt no longer meets."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from playground.mock.options import Refusal

HEADER: Final = "x-playground-attempts-key"
_MOST: Final = 10_000


class Attempts:
    """Counts attempts by key, in this process; of more than 10,000 keys, those that asked last. The answer that gets
    through makes the next attempt a first one again."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[str, ...], int] = OrderedDict()

    def refusal(self, refusals: Sequence[Refusal], *key: str) -> Refusal | None:
        """What refuses this attempt, or None: it is answered."""
        always = next((refusal for refusal in refusals if refusal.times is None), None)
        if always is not None:
            return always
        number = self._seen.pop(key, 0)  # of attempts before this one
        for refusal in refusals:
            assert refusal.times is not None  # noqa: S101  (for the type checker: `always` is one without)
            if number < refusal.times:
                self._seen[key] = number + 1
                if len(self._seen) > _MOST:
                    self._seen.popitem(last=False)
                return refusal
        return None
