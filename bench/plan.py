"""What is measured with what load: the parts of a benchmark."""

from dataclasses import dataclass, replace
from typing import Final


@dataclass(frozen=True)
class Part:
    """`subjects` are measured in turn, `repeats` times, at each number of `streams` with each number of `viewers`.

    `once`: those for orientation, measured in the first round only.
    """

    name: str
    subjects: tuple[str, ...]
    streams: tuple[int, ...]
    viewers: tuple[int, ...] = (1,)
    repeats: int = 3
    once: tuple[str, ...] = ()


PLAN: Final = (
    Part(
        "streams",
        ("raw", "relay", "relay-aiohttp", "relay-uvicorn", "playground", "playground-uvicorn"),
        (1, 50, 100, 200),
        once=("raw", "relay-aiohttp", "relay-uvicorn", "playground-uvicorn"),
    ),
    Part("more than one core carries", ("relay", "playground"), (500,), repeats=1),
    Part("three viewers a stream", ("playground",), (1, 50, 200, 500), (3,), repeats=1),
    Part("one stream, many viewers", ("hub", "playground", "playground-uvicorn"), (1,), (10, 100, 500), repeats=3,
         once=("playground-uvicorn",)),
    Part("two processes over Redis", ("over-redis",), (50, 200), repeats=2),
    Part("gateway", ("raw", "pass-through", "gateway"), (1, 20), once=("raw",)),
)  # fmt: skip


@dataclass(frozen=True)
class Command:
    """What is measured after the parts, by a module of its own that returns 1 if a goal is missed."""

    module: str
    within_s: float
    quick: tuple[str, ...] = ()


AFTERWARDS: Final = (
    Command("bench.resting", 300, ("--starts", "2")),
    Command("bench.stored", 300),
    Command("bench.long_run", 600, ("--events", "100000", "--repeats", "3")),
)


def quick(part: Part) -> Part:
    """One round, without the subjects for orientation; `raw` stays, to which times to the first token are compared."""
    kept = tuple(name for name in part.subjects if name == "raw" or name not in part.once)
    return replace(part, repeats=1, subjects=kept)
