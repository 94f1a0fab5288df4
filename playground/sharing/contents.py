"""What a page without an account includes, beside the prompts and the answers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contents:
    """`timeline` stands for all exact times: the timeline, the tokens, the numbers, and replay."""

    system: bool = False
    parameters: bool = False
    timeline: bool = True
    annotations: bool = False


EVERYTHING_SAFE = Contents(system=False, parameters=True, timeline=True, annotations=False)
