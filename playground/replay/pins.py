"""Where people commented on a moment or a chunk of a run: marks on the waveform of its replay."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from playground.review.anchors import place_url
from playground.review.models import Anchor, Thread
from playground.runs.models import Run

_LABEL: Final = 120  # characters


class Pin(NamedTuple):
    """On the moment `t` (µs), or on the event `seq`, of the run `run`. `href` leads to the thread."""

    run: str
    t: int | None
    seq: int | None
    label: str
    href: str


def pins_of(runs: Sequence[Run]) -> list[Pin]:
    """Threads that are not resolved. Whoever sees the runs sees them."""
    open_threads = Thread.objects.filter(
        run__in=[run.pk for run in runs], anchor__in=[Anchor.MOMENT, Anchor.CHUNK], resolved_at=None
    ).prefetch_related("comments__author")
    return [Pin(str(thread.run_id), thread.t, thread.seq, _label(thread), place_url(thread)) for thread in open_threads]


def _label(thread: Thread) -> str:
    """Who began it with what."""
    first = next((comment for comment in thread.comments.all() if comment.deleted_at is None), None)
    return f"{first.author.get_username()}: {first.body[:_LABEL]}" if first else thread.quote[:_LABEL]
