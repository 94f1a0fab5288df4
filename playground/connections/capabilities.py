"""What was measured, in words: the columns of the capability table, and a cell for each of them."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from playground.connections.check import error_of
from playground.connections.measurements import Row
from playground.connections.measuring import Measured
from playground.recording.units import duration

_NO_BREAK: Final = "\N{NO-BREAK SPACE}"  # a cell wraps between its parts, not between a number and its unit
METHODS: Final = ("invoke", "ainvoke", "batch", "abatch", "stream", "astream", "astream_events")


class Cell(NamedTuple):
    """`column`: its heading. `tone`: "ok", "warning", "danger" or "" for a badge, None for plain words.

    `title` says more.
    """

    column: str
    words: str
    tone: str | None = None
    title: str = ""


_Told = tuple[Promise, str, Promise]  # words, tone, title
_STREAMS: Final[Mapping[str, _Told]] = {
    "tokens": (
        gettext_lazy("token by token"),
        "ok",
        gettext_lazy("Each chunk is about a token, and time passes between the network reads that bring them."),
    ),
    "chunks": (
        gettext_lazy("in larger chunks"),
        "ok",
        gettext_lazy("The provider streams, and cuts its answer into chunks of several tokens."),
    ),
    "buffered": (
        gettext_lazy("buffered upstream"),
        "warning",
        gettext_lazy("Many chunks came in one network read: something on the way collects them, such as a proxy."),
    ),
    "one_chunk": (
        gettext_lazy("whole answer in one chunk"),
        "warning",
        gettext_lazy("The provider did not stream: its whole answer came as one chunk."),
    ),
    "unclear": (
        gettext_lazy("too short to tell"),
        "",
        gettext_lazy("The answer had only one chunk, or a few that all came at one instant."),
    ),
}
_LOGPROBS: Final[Mapping[str, _Told]] = {
    "yes": (gettext_lazy("yes"), "ok", gettext_lazy("Asked for, and they came with the chunks.")),
    "ignored": (gettext_lazy("no: ignored"), "", gettext_lazy("Asked for; the answer came without them.")),
    "refused": (gettext_lazy("no: refused"), "", gettext_lazy("The provider refused the request that asked for them.")),
    "unknown_to_dialect": (gettext_lazy("no"), "", gettext_lazy("The dialect has no word for them.")),
    "failed": (gettext_lazy("not known"), "", gettext_lazy("The answer that asked for them failed.")),
}
_TOOLS: Final[Mapping[str, _Told]] = {
    "streamed": (gettext_lazy("called, streamed"), "ok", gettext_lazy("It called the tool; its arguments streamed.")),
    "whole": (gettext_lazy("called"), "ok", gettext_lazy("It called the tool, in one chunk.")),
    "unused": (
        gettext_lazy("accepted"),
        "",
        gettext_lazy("The request that offered a tool was accepted; what was read of the answer does not call it."),
    ),
    "refused": (gettext_lazy("no: refused"), "", gettext_lazy("The provider refused the request that offered a tool.")),
    "unknown_to_dialect": (gettext_lazy("no"), "", gettext_lazy("The dialect has no word for tools.")),
    "failed": (gettext_lazy("not known"), "", gettext_lazy("The answer that was offered a tool failed.")),
}
_CANCELS: Final[Mapping[str, _Told]] = {
    "seen": (
        gettext_lazy("stops"),
        "ok",
        gettext_lazy("The socket was closed in mid-answer, and the server itself said soon after that it had stopped."),
    ),
    "not_seen": (
        gettext_lazy("goes on"),
        "warning",
        gettext_lazy("The socket was closed in mid-answer, and 2 s later the server had not said that it stopped."),
    ),
    "unobservable": (
        gettext_lazy("not observable"),
        "",
        gettext_lazy("The socket was closed at once. Whether the provider stops then, it tells nobody."),
    ),
    "ended_first": (
        gettext_lazy("not observable"),
        "",
        gettext_lazy("The answer was at its end before it could be broken off."),
    ),
    "failed": (gettext_lazy("not known"), "", gettext_lazy("The answer that was to be broken off failed.")),
}


def columns() -> list[str]:
    return [cell(None).column for cell in _CELLS]


def cells_of(row: Row) -> list[Cell]:
    """One for each column."""
    return [cell(row.measured) for cell in _CELLS]


def _told(column: str, words: Mapping[str, _Told], value: str) -> Cell:
    found = words.get(value)
    return Cell(column, str(found[0]), found[1], str(found[2])) if found else Cell(column, "–")


def _stream(measured: Measured | None) -> Cell:
    column = _("Streams")
    if measured is not None and measured.stream == "failed":
        return Cell(column, _("failed"), "danger", error_of(measured))
    cell = _told(column, _STREAMS, measured.stream if measured else "")
    if measured is None or measured.stream not in ("chunks", "buffered"):
        return cell
    counts = {"chunks": measured.chunks, "reads": measured.reads, "characters": measured.characters}
    seen = _("%(chunks)d chunks in %(reads)d network reads, %(characters)d characters.") % counts
    return cell._replace(title=f"{cell.title} {seen}")


def _pace(measured: Measured | None) -> Cell:
    """The first chunk, and where the chunks did not all come at one instant, their rate and the gaps between them."""
    column = _("Pace")
    if measured is None or measured.ttft_ms is None:
        return Cell(column, "–")
    words, titles = [_("first after %(time)s") % {"time": _ms(measured.ttft_ms)}], []
    if measured.attempts > 1:
        titles.append(_("First chunk: of the last of %(count)d attempts.") % {"count": measured.attempts})
    if measured.tokens_per_s is not None and measured.stream != "unclear":
        words.append(_("%(rate).1f chunks/s") % {"rate": measured.tokens_per_s})
    if measured.gap_p50_ms is not None and measured.stream != "unclear":
        gaps = {name: _ms(getattr(measured, f"gap_{name}_ms")) for name in ("p50", "p99", "max")}
        words.append(_("gaps %(p50)s … %(max)s") % gaps)
        titles.append(_("Gaps: half at most %(p50)s, 99 %% at most %(p99)s, the longest %(max)s.") % gaps)
    return Cell(column, ", ".join(part.replace(" ", _NO_BREAK) for part in words), title=" ".join(titles))


def _usage(measured: Measured | None) -> Cell:
    column = _("Usage")
    if measured is not None and measured.works and measured.usage is None:
        return Cell(column, _("not known"), "", _("The answer was left before its end, where the tokens are reported."))
    return _yes_or_no(column, measured.usage if measured else None)


def _logprobs(measured: Measured | None) -> Cell:
    return _told(_("Logprobs"), _LOGPROBS, measured.logprobs if measured else "")


def _tools(measured: Measured | None) -> Cell:
    return _told(_("Tools"), _TOOLS, measured.tools if measured else "")


def _reasoning(measured: Measured | None) -> Cell:
    seen = measured.reasoning if measured and measured.works else None
    words = "–" if seen is None else _("seen") if seen else _("not seen")
    return Cell(_("Reasoning"), words, "ok" if seen else None)


def _cancel(measured: Measured | None) -> Cell:
    cell = _told(_("Cancel"), _CANCELS, measured.cancel if measured else "")
    if measured is None or measured.cancel_ms is None:
        return cell
    return cell._replace(words=_("stops in %(time)s") % {"time": _ms(measured.cancel_ms)})


def _methods(measured: Measured | None) -> Cell:
    column, every = _("Methods"), ", ".join(METHODS)
    if measured is None or not measured.works:
        return Cell(column, _("all 7"), title=every)
    if measured.is_native:
        native = _("%(methods)s: those that stream pass the provider's own stream on.") % {"methods": every}
        return Cell(column, _("all 7, native"), "ok", native)
    if measured.stream == "unclear":
        return Cell(column, _("all 7"), title=every)
    fallback = _("%(methods)s: those that stream fall back to the whole answer as one chunk.") % {"methods": every}
    return Cell(column, _("all 7, by fallback"), "warning", fallback)


def _yes_or_no(column: str, value: bool | None) -> Cell:
    if value is None:
        return Cell(column, "–")
    return Cell(column, _("yes"), "ok") if value else Cell(column, _("no"), "")


def _ms(value: float | None) -> str:
    return "–" if value is None else duration(round(value * 1000))


_CELLS: Final[tuple[Callable[[Measured | None], Cell], ...]] = (
    _stream,
    _pace,
    _usage,
    _logprobs,
    _tools,
    _reasoning,
    _cancel,
    _methods,
)


def shown(row: Row) -> dict[str, Any]:
    """For the template of a row."""
    error = error_of(row.measured) if row.measured else ""
    return {"row": row, "cells": cells_of(row), "error": error}


def legend() -> list[tuple[str, list[Cell]]]:
    """By column: each word, and what was seen where it stands."""
    told = [(_stream, _STREAMS), (_logprobs, _LOGPROBS), (_tools, _TOOLS), (_cancel, _CANCELS)]
    rows = []
    for cell, words in told:
        column = cell(None).column
        rows.append((column, [Cell(column, str(word), tone, str(title)) for word, tone, title in words.values()]))
    return rows
