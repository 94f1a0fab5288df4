"""The events of a run as rows of a table: a page of them, what each says in a line, and the bytes behind one."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from playground.history.answer import sources_of
from playground.history.origins import PlacedRead, origin
from playground.history.step_rows import DEEPEST, TYPES, said
from playground.recording.events import (
    ATTEMPT_FAILED,
    ATTEMPT_STARTED,
    CHUNK,
    FIRST_BYTE,
    KEEPALIVE,
    KINDS,
    NOTICE,
    RESPONSE_HEADERS,
    RETRY_SCHEDULED,
    RUN_ENDED,
    RUN_STARTED,
    STEP_ENDED,
    STEP_STARTED,
    USAGE,
    Event,
)
from playground.recording.steps import LetsIn, filtered
from playground.recording.units import duration

FIRST_ROWS: Final = 5
PAGE: Final = 100
SUMMARY: Final = 160  # characters
RAW_LIMIT: Final = 64 * 1024

_LINE_ENDS: Final = {"\r": "\\r", "\n": "↵\n", "\t": "→"}

Data = Mapping[str, Any]


class Row(NamedTuple):
    """`delta` is the time since the event before it in the recording, whatever the filter.

    `depth`: how many steps a step is inside of; None for what is no step.
    """

    seq: int
    t: str
    delta: str
    kind: str
    summary: str
    depth: int | None = None

    @property
    def family(self) -> str:
        """What its tint follows: "run", "attempt", "response", "chunk", …"""
        return self.kind.partition(".")[0]


class Page(NamedTuple):
    """`left` counts the events of that kind after this page; `last` is the seq of its last row (-1: no row)."""

    rows: Sequence[Row]
    left: int
    last: int


def event_page(
    events: Sequence[Event], kind: str = "", after: int = -1, limit: int = PAGE, lets_in: LetsIn | None = None
) -> Page:
    """Rows of events with seq greater than `after`, of one kind or of all; `lets_in` says which steps are shown."""
    rest = list(events[after + 1 :]) if lets_in is None else filtered(events, lets_in, after)
    if kind:
        rest = [event for event in rest if event.kind == kind]
    shown = rest[:limit]
    rows = [_row(event, events[event.seq - 1].t if event.seq else 0) for event in shown]
    return Page(rows, len(rest) - len(shown), rows[-1].seq if rows else -1)


def kinds(events: Sequence[Event]) -> list[tuple[str, int]]:
    """The kinds that occur, and how often, in the order in which a run goes through them."""
    counts = Counter(event.kind for event in events)
    return [(kind, counts[kind]) for kind in KINDS if counts[kind]]


def _row(event: Event, before: int) -> Row:
    summary = summarize(event)
    return Row(event.seq, duration(event.t), f"+{duration(event.t - before)}", event.kind, summary, _depth(event))


def _depth(event: Event) -> int | None:
    if event.kind not in (STEP_STARTED, STEP_ENDED) or isinstance(event.data, str):
        return None
    return min(len(event.data.get("parents") or ()), DEEPEST)


def summarize(event: Event) -> str:
    """One line that says what the event holds."""
    data = event.data
    if isinstance(data, str):
        text = _quoted(data)
    elif summary := _SUMMARIES.get(event.kind):
        text = summary(data)
    else:
        text = _json(data)
    return text if len(text) <= SUMMARY else f"{text[:SUMMARY]}…"


def _json(data: object) -> str:
    return json.dumps(data, ensure_ascii=False)


def _quoted(text: str) -> str:
    """With quotes and escapes, so that spaces and line ends show."""
    return _json(text)


def _joined(*parts: object) -> str:
    return " · ".join(str(part) for part in parts if part not in (None, "", {}))


def _chunk(data: Data) -> str:
    parts = [f"{name}: {_quoted(text)}" for name in ("reasoning", "refusal") if (text := data.get(name))]
    if text := data.get("text"):
        parts.insert(0, _quoted(text))
    if call := data.get("tool_call"):
        words = _("tool call")
        parts.append(f"{words}: {call.get('name') or ''} {_quoted(call.get('arguments') or '')}")
    if sources := sources_of(data.get("citations")):
        words = _("sources")
        parts.append(f"{words}: {', '.join(source.title for source in sources)}")
    if choice := data.get("choice"):
        parts.append(_("choice %(number)d") % {"number": choice + 1})
    if logprobs := data.get("logprobs"):
        parts.append(f"logprob {logprobs[0].get('logprob')}")
    return _joined(*parts) or _quoted("")


def _started(data: Data) -> str:
    request = data.get("request") or {}
    count = request.get("messages_count")
    messages = ngettext("%(count)d message", "%(count)d messages", count) % {"count": count} if count else ""
    parameters = request.get("parameters")
    return _joined(data.get("model"), data.get("dialect"), messages, _json(parameters) if parameters else "")


def _headers(data: Data) -> str:
    headers = data.get("headers") or {}
    return _joined(data.get("status"), *(f"{name}: {value}" for name, value in dict(headers).items()))


def _retry(data: Data) -> str:
    words = {
        "attempt": data.get("attempt"),
        "of": data.get("of"),
        "time": duration(int(data.get("delay_ms", 0) * 1000)),
    }
    return _joined(_("attempt %(attempt)s of %(of)s in %(time)s") % words, data.get("code"))


def _usage(data: Data) -> str:
    return _joined(*(f"{name} {value}" for name, value in data.items() if isinstance(value, int | float)))


def _ended(data: Data) -> str:
    error = data.get("error") or {}
    return _joined(data.get("status"), data.get("finish_reason"), error.get("code"), error.get("message"))


def _notice(data: Data) -> str:
    progress = data.get("progress")
    percent = f"{progress:.0%}" if isinstance(progress, int | float) else ""
    return _joined(data.get("code"), percent, data.get("message"))


def _step(data: Data) -> str:
    kind = str(data.get("type") or "")
    value = next((data[name] for name in ("output", "input") if data.get(name) is not None), None)
    shown = said(data.get("error")) or ("" if value is None else _json(value))
    return _joined(data.get("name"), TYPES.get(kind, kind), shown)


_SUMMARIES: Final[Mapping[str, Callable[[Data], str]]] = {
    RUN_STARTED: _started,
    ATTEMPT_STARTED: lambda data: _joined(f"#{data.get('attempt', 1)}", data.get("method"), data.get("url")),
    RESPONSE_HEADERS: _headers,
    FIRST_BYTE: lambda data: f"#{data.get('attempt', 1)}",
    CHUNK: _chunk,
    KEEPALIVE: lambda data: _quoted(data["comment"]) if data.get("comment") else "",
    USAGE: _usage,
    ATTEMPT_FAILED: lambda data: _joined(
        f"#{data.get('attempt', 1)}", data.get("status"), data.get("code"), data.get("message")
    ),
    RETRY_SCHEDULED: _retry,
    STEP_STARTED: _step,
    STEP_ENDED: _step,
    NOTICE: _notice,
    RUN_ENDED: _ended,
}


def as_json(event: Event) -> str:
    """The event as the API gives it."""
    fields = {"seq": event.seq, "t": event.t, "kind": event.kind, "data": event.data}
    return json.dumps(fields, ensure_ascii=False, indent=2)


def raw_bytes(events: Sequence[Event], reads: Sequence[PlacedRead], seq: int) -> bytes:
    """The bytes that caused an event, b"" if no byte did, or where the raw bytes are not kept any more."""
    found = origin(events, reads, seq)
    return found.raw if found else b""


def shown_bytes(raw: bytes) -> str:
    """Bytes as a person reads them: UTF-8, with line ends and what is not text made visible."""
    text = raw[:RAW_LIMIT].decode("utf-8", "backslashreplace")
    more = f"\n… {len(raw) - RAW_LIMIT} B" if len(raw) > RAW_LIMIT else ""
    return "".join(_LINE_ENDS.get(c) or (c if c.isprintable() else f"\\x{ord(c):02x}") for c in text) + more
