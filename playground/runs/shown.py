"""A run as a workspace wants it shown: views that the apps above register, by name.

The socket and the engine know only this module; `subscribe` names the view.
"""

from collections.abc import Callable, Sequence
from typing import Protocol
from uuid import UUID
from weakref import WeakValueDictionary

from playground.recording.events import Event
from playground.recording.frames import MAX_EVENTS
from playground.runs.database import DatabaseThreads
from playground.runs.grants import Lens
from playground.runs.lens import Beat, LensedSource
from playground.runs.sources import Source

RAW = "raw"


class View(Protocol):
    """Two views of the same `version` show the same."""

    @property
    def version(self) -> str: ...

    def lens(self) -> Lens:
        """How the events of one run are shown. Unlike a link's it may remember what came before: it is asked for each
        event once, in their order, and gives back the very event where it changes nothing.
        """


Resolver = Callable[[UUID], View | None]

_resolvers: dict[str, Resolver] = {}


def register(name: str, resolver: Resolver) -> None:
    """Called once, by the `ready` of the app that has the view. None of `resolver`: the run is shown as it came."""
    _resolvers[name] = resolver


def names() -> list[str]:
    return [RAW, *_resolvers]


def name_of(source: Source) -> str:
    """The view that a source was opened in."""
    return source.name if isinstance(source, ShownSource) else RAW


class ShownSource(LensedSource):
    """A run seen through the view `name`. What the view does is part of the epoch: who resumes after it changed gets
    all of the run anew.

    An event depends on all before it, so those that the view changed are kept as long as somebody reads the run: a
    view that changes every event of a long recording holds it in memory as a whole. A reader who begins late waits
    until those before were looked at once.
    """

    def __init__(self, run_id: UUID, source: Source, name: str, view: View) -> None:
        self.name = name
        self._changed: dict[int, Event] = {}
        self._seen = 0  # how many events went through the lens
        super().__init__(run_id, source, view.lens(), Beat(), epoch=f"{source.epoch}.{view.version}")

    def _shown(self, first: int, until: int) -> Sequence[Event] | None:
        while self._seen < until:
            events = self._source.read(self._seen, min(until, self._seen + MAX_EVENTS))
            if events is None:  # on their way: the source will tell
                return None
            if not events:
                break
            self._seen += len(events)
            self._changed.update((came.seq, shown) for came in events if (shown := self._lens(came)) is not came)
        came = self._source.read(first, min(until, self._seen))
        return came and [self._changed.get(event.seq, event) for event in came]


class Views:
    """The runs of this process that are read in a view, each once for all who read it so."""

    def __init__(self, threads: DatabaseThreads) -> None:
        self._threads = threads
        self._shared: WeakValueDictionary[tuple[UUID, str, str, int], ShownSource] = WeakValueDictionary()

    async def open(self, run_id: UUID, source: Source, name: str) -> Source:
        """`source`: the run as this reader may see it."""
        view = await self._threads.call(_resolvers[name], run_id) if name != RAW else None
        if view is None:
            return source
        key = (run_id, name, view.version, id(source))  # what it shows keeps its source, and so its id
        shared = self._shared.get(key)
        if shared is None:
            shared = self._shared[key] = ShownSource(run_id, source, name, view)
        return shared
