"""What is written when: the steps of an answer, and the scene of a fault in it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Protocol

# One write: when it is due, in seconds after the request came (infinite: never), and its bytes (or what makes them at
# that moment).
Step = tuple[float, bytes | Callable[[], bytes]]


def changed(step: Step, change: Callable[[bytes], bytes]) -> Step:
    """The same step with other bytes."""
    due, piece = step
    if isinstance(piece, bytes):
        return due, change(piece)
    return due, lambda: change(piece())


class Source(Protocol):
    """An answer as a fault needs it. All bytes are whole server-sent events."""

    @property
    def count(self) -> int:
        """How many tokens the answer has."""
        ...

    def due(self, index: int) -> float:
        """When token `index` goes out."""
        ...

    def opening(self) -> Iterator[Step]: ...
    def tokens(self) -> Iterator[Step]: ...
    def closing(self) -> Iterator[Step]:
        """The finish reason and the usage."""
        ...

    def end(self) -> Step:
        """The end marker."""
        ...

    def event(self, text: str | None = "", finish: str | None = None, **envelope: Any) -> bytes:
        """An event with `text`, which may be null; `envelope` replaces members of it (`choices=[]`)."""
        ...

    def whole(self) -> bytes:
        """The answer in one piece of JSON."""
        ...


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a fault happens: before token `at` of `source`. With `at` 0 it comes before all else.

    `before()` and then `after()` are all steps of the answer, each once.
    """

    source: Source
    at: int
    _tokens: Iterator[Step]

    @classmethod
    def of(cls, source: Source, at: int | None) -> "Scene":
        """`at` None is the middle; the end of the tokens is as far as it goes."""
        place = source.count // 2 if at is None else min(at, source.count)
        return cls(source, place, source.tokens())

    @property
    def due(self) -> float:
        """When the fault happens."""
        return self.source.due(max(min(self.at, self.source.count - 1), 0))

    def before(self) -> Iterator[Step]:
        if self.at:
            yield from self.source.opening()
            yield from islice(self._tokens, self.at)

    def after(self, *, end: bool = True) -> Iterator[Step]:
        """The rest; `end`: with the end marker."""
        if not self.at:
            yield from self.source.opening()
        yield from chain(self._tokens, self.source.closing())
        if end:
            yield self.source.end()

    def all(self) -> Iterator[Step]:
        yield from self.before()
        yield from self.after()

    def text(self, raw: bytes) -> bytes:
        """An event whose text is `raw`, as it stands between the quotes of JSON, whatever it is."""
        return self.source.event(text="@@").replace(b"@@", raw, 1)
