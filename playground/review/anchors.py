"""What a thread is pinned to: checked against the session, told in words, and linked to."""

from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from playground.errors import InvalidField, NotFound
from playground.http import uuid_of
from playground.recording.events import CHUNK, Event
from playground.recording.units import duration
from playground.review.models import Anchor, Thread
from playground.review.shown_text import ShownText
from playground.runs.models import Run, Session, Turn
from playground.runs.reader import open_log

QUOTED: Final = 300  # code points of a quote that are kept to be shown
_NONE: Final = UUID(int=0)  # the id that nothing has
_OF_RUNS: Final = frozenset({Anchor.RUN, Anchor.TEXT, Anchor.CHUNK, Anchor.MOMENT})


def read_anchor(session: Session, data: QueryDict) -> Thread:
    """A thread that is not stored yet, pinned to what a form names.

    `anchor` and, as that needs them: `turn`, `run`, `quote` and `near` (see `ShownText.locate`), `seq`, `t` (µs).

    Raises:
        NotFound: the session has no such turn or run.
        InvalidField: there is no such place in the run.
    """
    try:
        anchor = Anchor(data.get("anchor") or Anchor.SESSION)
    except ValueError:
        raise InvalidField("anchor", _("Choose what the comment is about.")) from None
    thread = Thread(session=session, anchor=anchor)
    if anchor == Anchor.TURN:
        thread.turn = turn_of(session, data.get("turn", ""))
    if anchor in _OF_RUNS:
        thread.run = run_of(session, data.get("run", ""))
        thread.turn = thread.run.turn
        _PIN.get(anchor, _pin_run)(thread, thread.run, data)
    return thread


def turn_of(session: Session, turn_id: str) -> Turn:
    found = session.turns.filter(pk=uuid_of(turn_id) or _NONE).first()
    if found is None:
        raise NotFound(_("This turn does not exist any more. Reload the page."))
    return found


def run_of(session: Session, run_id: str) -> Run:
    found = Run.objects.filter(turn__session=session, pk=uuid_of(run_id) or _NONE).select_related("turn").first()
    if found is None:
        raise NotFound(_("This run does not exist any more. Reload the page."))
    return found


def whole_number(data: QueryDict, name: str) -> int:
    """Raises InvalidField for what is none, or is less than 0."""
    try:
        number = int(data.get(name, ""))
    except ValueError:
        number = -1
    if not 0 <= number < 2**63:
        raise InvalidField(name, _("This is not a place in the run."))
    return number


def _pin_run(_thread: Thread, _run: Run, _data: QueryDict) -> None:
    """A run needs nothing more."""


def _pin_text(thread: Thread, run: Run, data: QueryDict) -> None:
    quote = data.get("quote", "")
    span = ShownText.of_markdown(run.text).locate(quote, whole_number(data, "near")) if run.is_final else None
    if span is None:
        raise InvalidField("quote", _("This text is not in the answer as it is stored. Select it anew."))
    thread.start, thread.end = span
    thread.quote = " ".join(quote.split())[:QUOTED]


def _pin_chunk(thread: Thread, run: Run, data: QueryDict) -> None:
    thread.seq = whole_number(data, "seq")
    events = open_log(run).events
    if thread.seq >= len(events):
        raise InvalidField("seq", _("The run has no such event, or not yet."))
    thread.quote = _chunk_words(events[thread.seq])[:QUOTED]


def _pin_moment(thread: Thread, run: Run, data: QueryDict) -> None:
    thread.t = whole_number(data, "t")
    if run.is_final and thread.t > run.metrics.get("duration_ms", 0) * 1000 + 1000:
        raise InvalidField("t", _("The run has ended before that moment."))


_PIN: Final = {Anchor.TEXT: _pin_text, Anchor.CHUNK: _pin_chunk, Anchor.MOMENT: _pin_moment}


def _chunk_words(event: Event) -> str:
    if event.kind != CHUNK:
        return event.kind
    if isinstance(event.data, str):
        return event.data
    return event.data.get("text") or event.data.get("reasoning") or event.kind


def place_words(thread: Thread) -> str:
    """Where in its run a thread is pinned; "" for one that is on the whole of something."""
    if thread.anchor == Anchor.CHUNK:
        return _("Event %(seq)d") % {"seq": thread.seq}
    if thread.anchor == Anchor.MOMENT:
        return _("At %(time)s") % {"time": duration(thread.t or 0)}
    return ""


def place_url(thread: Thread) -> str:
    """The page that shows what the thread is pinned to."""
    session = reverse("prompts:session", args=[thread.session_id])
    if thread.anchor == Anchor.SESSION:
        return session
    if thread.anchor == Anchor.TURN:
        return f"{session}#turn-{thread.turn_id}"
    page = reverse("history:run", args=[thread.run_id])
    query: dict[str, Any] = {"view": "answer"}
    if thread.anchor == Anchor.CHUNK:
        query = {"view": "tokens", "seq": thread.seq}
    elif thread.anchor == Anchor.MOMENT:
        query = {"view": "timeline", "t": f"{(thread.t or 0) / 1e6:.3f}"}
    return f"{page}?{urlencode(query)}#thread-{thread.pk}"
