"""What stands out in a run, in words: a badge, the sentence that says its cause, and where in the recording to look."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from playground.recording.findings import Finding
from playground.recording.units import duration

_CUTS: Final[Mapping[str, tuple[Promise, Promise]]] = {
    "truncated": (
        gettext_lazy("cut"),
        gettext_lazy("The stream broke off here, before its end mark: text may be missing."),
    ),
    "length": (
        gettext_lazy("stopped at the token limit"),
        gettext_lazy("The answer met the limit of tokens and stops here. Raise max tokens to get all of it."),
    ),
    "filtered": (
        gettext_lazy("cut by the filter"),
        gettext_lazy("The provider's content filter ended the answer here."),
    ),
    "failed": (gettext_lazy("cut"), gettext_lazy("The run failed here, after a part of the answer had come.")),
    "interrupted": (gettext_lazy("cut"), gettext_lazy("The server stopped here, in the middle of the answer.")),
}
_REPAIRS: Final[Mapping[str, Promise]] = {
    "invalid_utf8": gettext_lazy("The provider sent bytes that are not UTF-8; they are shown as �."),
    "lone_surrogate": gettext_lazy("The provider cut a character in two; its halves are shown as �."),
    "not_a_number": gettext_lazy("The provider sent a number that JSON does not have; it is recorded as null."),
}
_NOTICES: Final[Mapping[str, tuple[Promise, Promise]]] = {
    "no_times": (
        gettext_lazy("no times"),
        gettext_lazy("The imported file holds no times: everything is at 0, and its rates mean nothing."),
    ),
    "no_chunks": (
        gettext_lazy("no chunks"),
        gettext_lazy("The imported file holds no chunks: the answer is one, whatever the provider did."),
    ),
    "client_not_reading": (
        gettext_lazy("not read"),
        gettext_lazy("The client stopped reading the answer, so its connection was cut and the run was stopped."),
    ),
    "retry_budget": (
        gettext_lazy("not tried again"),
        gettext_lazy(
            "Too many requests to this provider fail, so this one was not sent again. Wait a little, or raise the "
            "connection's retry budget."
        ),
    ),
    "retry_too_late": (
        gettext_lazy("not tried again"),
        gettext_lazy(
            "The wait before another attempt would have ended past the run's total timeout, so this was not sent again."
        ),
    ),
    "parameters_ignored": (
        gettext_lazy("parameters left out"),
        gettext_lazy("The dialect of the connection has no word for some parameters, so they were not sent."),
    ),
}
_QUIET: Final = frozenset({"compressed"})


class Badge(NamedTuple):
    """`cause` is a sentence; `place` the query string of the run's page where it can be seen."""

    code: str
    words: str
    cause: str
    place: str
    is_warning: bool = True


def stored(found: Iterable[Finding]) -> list[dict[str, Any]]:
    """For the column of a run."""
    return [
        {**finding._asdict(), "causes": [cause.replace("\0", "\N{SYMBOL FOR NULL}") for cause in finding.causes]}
        for finding in found
    ]


def unstored(rows: Iterable[Mapping[str, Any]]) -> list[Finding]:
    """The inverse of `stored`."""
    return [Finding(**row) for row in rows]


def badges(rows: Iterable[Mapping[str, Any]]) -> list[Badge]:
    """Of what `stored` made."""
    return [badge(finding) for finding in unstored(rows)]


def badge(finding: Finding) -> Badge:
    words, cause = _described(finding)
    return Badge(finding.code, words, cause, _place(finding), finding.code not in _QUIET)


def _place(finding: Finding) -> str:
    """A pause is seen in the timeline, all else in the events."""
    if finding.code in ("stalled", "buffered", "slow_first"):
        return f"view=timeline&t={(finding.t + finding.length / 2) / 1e6:.3f}"
    return f"view=events&seq={finding.seq}"


def _described(finding: Finding) -> tuple[str, str]:
    length, at = duration(finding.length), duration(finding.t)
    match finding.code:
        case "one_chunk":
            cause = _("The provider did not stream: its whole answer came as one chunk, at %(at)s.") % {"at": at}
            return _("whole answer in one chunk"), cause
        case "buffered":
            return _buffered(finding)
        case "stalled":
            return _("stalled %(time)s") % {"time": length}, _stall(finding)
        case "slow_first":
            words = _("slow start, %(time)s") % {"time": length}
            return words, _("It took %(time)s from the request to the first token.") % {"time": length}
        case "retried":
            words = ngettext("retried %(count)d×", "retried %(count)d×", finding.times) % {"count": finding.times}
            return words, _("Attempts failed and were made again: %(causes)s.") % {"causes": ", ".join(finding.causes)}
        case "cut":
            cut, sentence = _CUTS.get(finding.causes[0], _CUTS["failed"])
            return str(cut), str(sentence)
        case "empty":
            return _("no text"), _("The run completed, and no text came.")
        case "repaired":
            return _("repaired text"), " ".join(str(_REPAIRS[cause]) for cause in finding.causes if cause in _REPAIRS)
        case "compressed":
            return _("compressed"), _("The provider compresses its answer: tokens may come later than they were made.")
        case _:
            return _noticed(finding.causes)


def _noticed(codes: Sequence[str]) -> tuple[str, str]:
    known = [_NOTICES[code] for code in codes if code in _NOTICES]
    if not known:
        return ", ".join(codes), _("The recording has a notice here.")
    words = [str(_NOTICES[code][0]) if code in _NOTICES else code for code in codes]
    return ", ".join(words), " ".join(str(sentence) for _words, sentence in known)


def _buffered(finding: Finding) -> tuple[str, str]:
    values = {"count": finding.times, "time": duration(finding.length)}
    cause = _(
        "The chunks came in bursts of about %(count)d, with pauses of %(time)s: something on the way collects them, "
        "such as a proxy, or the provider itself."
    )
    return _("buffered upstream"), cause % values


def _stall(finding: Finding) -> str:
    values = {"count": finding.times, "time": duration(finding.length), "at": duration(finding.t)}
    if finding.times == 1:
        return _("No chunk came for %(time)s, from %(at)s on.") % values
    return _("No chunk came for %(time)s, from %(at)s on: the longest of %(count)d stalls.") % values


def worst(rows: Sequence[Sequence[Mapping[str, Any]]], limit: int = 3) -> list[Badge]:
    """The first few different badges of several runs, for a row of a list."""
    firsts: dict[str, Badge] = {}
    for run in rows:
        for found in badges(run):
            if found.is_warning:
                firsts.setdefault(found.code, found)
    return list(firsts.values())[:limit]
