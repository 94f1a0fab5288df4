"""Who watches a room: people by name, and how many came by a link, on this process and on the others."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from playground.runs.credentials import Credentials

OTHERS_EXPIRE_S: Final = 25.0
MOST_NAMES: Final = 50


@dataclass(frozen=True, slots=True)
class Watchers:
    """`people`: names by the id of the user; whoever has two tabs open is one of them. `links`: sockets."""

    people: Mapping[str, str] = field(default_factory=dict)
    links: int = 0

    @classmethod
    def of(cls, sockets: Iterable[Credentials]) -> "Watchers":
        people: dict[str, str] = {}
        links = 0
        for credentials in sockets:
            if credentials.user is not None:
                people[str(credentials.user.pk)] = credentials.user.get_username()
            else:
                links += 1
        return cls(people, links)

    @property
    def count(self) -> int:
        return len(self.people) + self.links

    def __or__(self, other: "Watchers") -> "Watchers":
        return Watchers({**self.people, **other.people}, self.links + other.links)

    def message(self, room: str, *, named: bool) -> dict[str, Any]:
        """What a socket is told; who came by a link learns no names."""
        people = sorted(self.people.values())[:MOST_NAMES] if named else []
        return {"op": "presence", "room": room, "watching": self.count, "people": people}


class Others:
    """What the other processes said of who watches there. What is not said again in time is forgotten."""

    def __init__(self) -> None:
        self._heard: dict[str, tuple[Watchers, float]] = {}

    def hear(self, process: str, watchers: Watchers, now: float) -> None:
        if watchers.count:
            self._heard[process] = (watchers, now)
        else:
            self._heard.pop(process, None)

    def total(self, now: float) -> Watchers:
        self._heard = {
            process: (watchers, heard_at)
            for process, (watchers, heard_at) in self._heard.items()
            if now - heard_at < OTHERS_EXPIRE_S
        }
        total = Watchers()
        for watchers, _ in self._heard.values():
            total |= watchers
        return total
