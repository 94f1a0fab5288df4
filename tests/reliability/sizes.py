"""How large the reliability tests are, and where they say what they saw.

`make test` runs them at sizes that fit it; `make reliability` at the full ones that `docs/reliability.md` reports.
`RELIABILITY_SEED` repeats a run whose seed a test has printed.
"""

import os
import random
import sys

FULL = os.environ.get("RELIABILITY") == "full"


def size(usual: int, full: int) -> int:
    """How many of something: in `make test`, and in `make reliability`."""
    return full if FULL else usual


def seeded(name: str) -> random.Random:
    """A source of randomness whose seed is printed: pytest shows it with a failure."""
    seed = os.environ.get("RELIABILITY_SEED") or str(random.SystemRandom().randrange(2**32))
    say(name, f"seed {seed} (RELIABILITY_SEED={seed} repeats it)")
    return random.Random(f"{name} {seed}")


def say(name: str, text: str) -> None:
    """A line of the report that `make reliability` shows."""
    sys.stdout.write(f"[{name}] {text}\n")
    sys.stdout.flush()
