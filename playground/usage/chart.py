"""The plot of tokens by day: a bar a day, prompt below, answer above."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from playground.usage.report import Day, Total

HEIGHT: Final = 160
_GAP: Final = 0.25
_LABELS: Final = 6
_DENSE: Final = 14  # days from which the last label would pass the edge
_STEPS: Final = (1, 2, 5, 10)


@dataclass(frozen=True, slots=True)
class Bar:
    """In percent of the width, and in px of HEIGHT from the top."""

    day: date
    total: Total
    x: str
    middle: str
    width: str
    top: float
    split: float
    labelled: bool
    at_edge: bool = False

    @property
    def answer_height(self) -> float:
        return self.split - self.top

    @property
    def prompt_height(self) -> float:
        return HEIGHT - self.split


@dataclass(frozen=True, slots=True)
class Chart:
    bars: Sequence[Bar]
    top: int
    height: int = HEIGHT


def draw(days: Sequence[Day]) -> Chart:
    top = _round_up(max((day.total.tokens for day in days), default=0))
    step = 100 / max(1, len(days))
    every = math.ceil(len(days) / _LABELS)
    bars = []
    for index, day in enumerate(days):
        prompt, answer = (
            round(tokens / top * HEIGHT, 1) for tokens in (day.total.prompt_tokens, day.total.completion_tokens)
        )
        bars.append(
            Bar(
                day.day,
                day.total,
                x=f"{index * step + step * _GAP / 2:.3f}%",
                middle=f"{(index + 0.5) * step:.3f}%",
                width=f"{step * (1 - _GAP):.3f}%",
                top=round(HEIGHT - prompt - answer, 1),
                split=round(HEIGHT - prompt, 1),
                labelled=(len(days) - 1 - index) % every == 0,
                at_edge=len(days) > _DENSE and index == len(days) - 1,
            )
        )
    return Chart(bars, top)


def _round_up(most: int) -> int:
    """The next of 1, 2, 5, 10, 20, 50, …"""
    if most <= 1:
        return 1
    magnitude: int = 10 ** (len(str(most)) - 1)
    return next(step * magnitude for step in _STEPS if step * magnitude >= most)
