"""What a viewer holds of a run, and what was wrong with what it was sent."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Copy:
    """The rule of `static/js/lib/subscription.js`, but that it counts every fault that the page would heal.

    `lost`, `doubled`: events that were left out, or came again though nobody had asked for them; `differing`: events
    that came again as asked, and were not the same; `unserved`: positions of the run that were refused.
    """

    after: int = -1
    epoch: str = ""
    events: list[list[Any]] = field(default_factory=list)
    ended: dict[str, Any] | None = None
    lost: int = 0
    doubled: int = 0
    differing: int = 0
    unserved: int = 0
    _asked: list[tuple[str, bool]] = field(default_factory=list)  # the epoch, and whether it holds what it says
    _next: int = 0

    @property
    def is_asking(self) -> bool:
        return bool(self._asked)

    @property
    def has_ended(self) -> bool:
        return self.ended is not None and not self._asked

    @property
    def faults(self) -> int:
        return self.lost + self.doubled + self.differing + self.unserved

    def ask(self, run: str, after: int, epoch: str) -> dict[str, Any]:
        """The message that asks for what follows `after`."""
        self._asked.append((epoch, epoch == self.epoch and after <= self.after))
        self.ended = None
        return {"op": "subscribe", "run": run, "after": after, **({"epoch": epoch} if epoch else {})}

    def lose_connection(self) -> None:
        """Nothing that was asked for will be answered."""
        self._asked.clear()

    def take(self, message: dict[str, Any], *, is_answer: bool = True) -> None:
        """`is_answer`: a `subscribed` answers what was asked first; else the run has changed hands."""
        if message["op"] == "subscribed":
            self._subscribed(message, *(self._asked.pop(0) if is_answer else ("", False)))
        elif self._asked:
            return  # of a subscription that was given up
        elif message["op"] == "frame":
            self._frame(message)
        elif message["op"] == "ended":
            self.lost += max(0, message["seq"] - self.after)
            self.ended = message

    def _subscribed(self, message: dict[str, Any], epoch: str, is_held: bool) -> None:
        if not message["recovered"]:
            self.unserved += message["after"] != -1 or (is_held and epoch == message["epoch"])
            self.events, self.after = [], -1
        self.lost += max(0, message["after"] - self.after)
        self.epoch, self.ended = message["epoch"], None
        self._next = message["after"] + 1

    def _frame(self, message: dict[str, Any]) -> None:
        first, events = message["seq"], message["events"]
        self.lost += max(0, first - self._next)
        self.doubled += max(0, self._next - first)
        for seq, event in enumerate(events, first):
            if seq == self.after + 1:
                self.events.append(event)
                self.after = seq
            elif seq <= self.after:
                self.differing += self.events[seq] != event
        self._next = first + len(events)
