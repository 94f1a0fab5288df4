"""The numbers of a run, worded."""

from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from playground.history.timeline import Timeline
from playground.recording.metrics import Metrics
from playground.recording.units import duration, size


class Number(NamedTuple):
    """`hint` says how it is counted."""

    label: str
    value: str
    hint: str = ""


def speed(metrics: Metrics) -> list[Number]:
    """What a reader asks first; what the run has no chunks for is left out."""
    found = [
        _time(
            metrics,
            "ttft_ms",
            _("TTFT"),
            _("Time to first token, from the start of the run, waits and retries included"),
        ),
        _rate(metrics),
        _time(metrics, "gap_p50_ms", _("p50 gap"), _("Half of the gaps between chunks are shorter")),
        _time(metrics, "gap_p99_ms", _("p99 gap"), _("99 of 100 gaps between chunks are shorter")),
        _time(metrics, "duration_ms", _("Duration"), _("From the start of the run to its end")),
    ]
    return [number for number in found if number]


def counts(metrics: Metrics, received: int, timeline: Timeline) -> list[Number]:
    """What only the timeline shows. `received`: bytes of response bodies."""
    longest = _time(metrics, "gap_max_ms", _("Longest gap"), _("The longest time between two chunks"))
    stalls = _("Gaps from %(time)s on: at least 1 s, and 10 times the median") % {"time": duration(timeline.stall_from)}
    where = _("Stalls in this part") if timeline.is_part else _("Stalls")
    return [
        *([longest] if longest else []),
        Number(where, str(len(timeline.stalls)), stalls),
        Number(_("Chunks"), f"{metrics.get('chunks', 0):,}", _("Pieces as the provider cut them")),
        *(
            [Number(_("Received"), size(received), _("Bytes of the response bodies, as they came"))]
            if received > 0
            else []
        ),
        Number(_("Attempts"), str(metrics.get("attempts", 0)), _("Requests that were sent")),
    ]


def usage(counts: dict[str, Any] | None) -> list[Number]:
    """The provider's own count of tokens; of the answer also ours, marked as an estimate."""
    words = {
        "prompt_tokens": _("Prompt tokens"),
        "completion_tokens": _("Answer tokens"),
        "total_tokens": _("Total tokens"),
    }
    counts = counts or {}
    known = {name: label for name, label in words.items() if isinstance(counts.get(name), int)}
    if not counts.get("estimated"):
        return [Number(label, f"{counts[name]:,}") for name, label in known.items()]
    return [
        _estimated(label, counts[name]) if name == "completion_tokens" else Number(label, f"{counts[name]:,}")
        for name, label in known.items()
    ]


def _estimated(label: str, count: int) -> Number:
    hint = _("The provider reported no count. Estimated: one token a chunk, or by characters where chunks are larger.")
    return Number(label, _("≈ %(count)s (estimated)") % {"count": f"{count:,}"}, hint)


def _time(metrics: Metrics, name: str, label: str, hint: str) -> Number | None:
    value = metrics.get(name)
    return Number(label, duration(round(value * 1000)), hint) if isinstance(value, int | float) else None


def _rate(metrics: Metrics) -> Number | None:
    value = metrics.get("tokens_per_s")
    hint = _("Chunks per second, from the first to the last; many providers send a token a chunk")
    return Number(_("Tokens/s"), f"{value:,.1f}", hint) if value is not None else None
