"""A timeline in words: for labels, tooltips, the table beside the drawing, and those who cannot see it."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from playground.connections.problems import name_of
from playground.history.timeline import Lane, Mark, Phase, Span, Timeline
from playground.recording.units import duration

PHASES: Mapping[Phase, Promise] = {
    Phase.QUEUED: gettext_lazy("Queued"),
    Phase.LOADING: gettext_lazy("Loading the model"),
    Phase.WORK: gettext_lazy("At work, before the first token"),
    Phase.HEADERS: gettext_lazy("Connect and wait for headers"),
    Phase.BODY: gettext_lazy("Headers to first byte"),
    Phase.FIRST: gettext_lazy("First byte to first token"),
    Phase.STREAM: gettext_lazy("Streaming"),
    Phase.STALL: gettext_lazy("Stall"),
    Phase.RETRY: gettext_lazy("Wait before a retry"),
}
MARKS: Mapping[Mark, Promise] = {
    Mark.HEADERS: gettext_lazy("Response headers"),
    Mark.FIRST_BYTE: gettext_lazy("First byte"),
    Mark.FIRST_CHUNK: gettext_lazy("First token"),
    Mark.FAILED: gettext_lazy("Attempt failed"),
    Mark.END: gettext_lazy("End"),
}


class Moment(NamedTuple):
    """A row of the table: `length` is empty for a moment that does not last."""

    where: str
    what: str
    start: str
    length: str


def lane_name(lane: Lane) -> str:
    return _("Attempt %(number)d") % {"number": lane.number} if lane.number else _("Before the first attempt")


def lane_outcome(lane: Lane) -> str:
    """For example "HTTP 429 · rate limit reached · 310 ms"."""
    return " · ".join(filter(None, outcome_parts(lane)))


def outcome_parts(lane: Lane) -> tuple[str, str, str]:
    """The HTTP status, what went wrong, and how long it took; "" for what there is not."""
    status = f"HTTP {lane.status}" if lane.status is not None else ""
    code = error_code(lane)
    cause = "" if lane.error is None else name_of(code) if code else _("failed")
    length = _("goes on in a later part") if lane.goes_on else "" if lane.length is None else duration(lane.length)
    return status, cause, length


def error_code(lane: Lane) -> str:
    """Of the attempt's error; "" for an attempt that had none, or one without a code."""
    return str((lane.error or {}).get("code") or "")


def span_title(span: Span) -> str:
    return f"{span_name(span)}: {duration(span.length)} ({duration(span.start)} – {duration(span.end)})"


def span_name(span: Span) -> str:
    name = str(PHASES[span.phase])
    return _("%(phase)s, in this part") % {"phase": name} if span.is_cut else name


def moments(timeline: Timeline) -> Iterator[Moment]:
    """Everything the drawing shows, in the order of its lanes."""
    for lane in timeline.lanes:
        name = lane_name(lane)
        rows = [(span.start, span_name(span), duration(span.length)) for span in lane.spans]
        rows += [(t, str(MARKS[mark]), "") for mark, t in lane.marks]
        for start, what, length in sorted(rows, key=lambda row: row[0]):
            yield Moment(name, what, duration(start), length)


def description(timeline: Timeline) -> str:
    """The drawing in a few sentences."""
    sentences = [f"{lane_name(lane)}: {lane_outcome(lane)}." for lane in timeline.lanes]
    first = first_token(timeline)
    if first is not None:
        sentences.append(_("First token after %(time)s.") % {"time": duration(first)})
    if timeline.stalls:
        longest = duration(max(stall.length for stall in timeline.stalls))
        count = len(timeline.stalls)
        sentences.append(
            ngettext("%(count)d stall, %(longest)s long.", "%(count)d stalls, the longest %(longest)s.", count)
            % {"count": count, "longest": longest}
        )
    if timeline.is_part:
        times = {"start": duration(timeline.start), "end": duration(timeline.end)}
        sentences.append(_("This part of the run lasts from %(start)s to %(end)s.") % times)
    else:
        sentences.append(_("%(time)s in all.") % {"time": duration(timeline.end)})
    return " ".join(sentences)


def first_token(timeline: Timeline) -> int | None:
    """When the first chunk of the last attempt that had any came; of a part, if it came in it."""
    first = next((lane for lane in reversed(timeline.lanes) if lane.chunks), None)
    return first.at(Mark.FIRST_CHUNK) if first else None
