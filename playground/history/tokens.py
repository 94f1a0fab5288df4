"""An answer chunk by chunk: where the provider cut it, how long each took to come, how sure the model was."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from playground.history.answer import attempt_of
from playground.history.gaps import duration, gap_step, probability_step
from playground.recording.events import CHUNK, Event

PAGE: Final = 2_000


class Token(NamedTuple):
    """`gap` is the time in µs since the chunk before it, None for an attempt's first; `part` is what the text is."""

    seq: int
    t: int
    gap: int | None
    text: str
    part: str = "text"
    choice: int = 0
    attempt: int = 1
    logprobs: Sequence[Mapping[str, Any]] = ()

    @property
    def probability(self) -> float | None:
        """Of the least likely token in the chunk; None where the provider sent no logprobs."""
        values = [lp for entry in self.logprobs if isinstance(lp := entry.get("logprob"), int | float)]
        return math.exp(min(0.0, *values)) if values else None


class TokenPage(NamedTuple):
    """`total` counts all tokens; `next` is the seq after which the next page starts, None on the last page."""

    tokens: Sequence[Token]
    total: int
    next: int | None
    has_logprobs: bool


def tokens(events: Sequence[Event]) -> Iterator[Token]:
    """All chunks of all attempts, in order."""
    before: tuple[int, int] | None = None
    for event in events:
        if event.kind != CHUNK:
            continue
        attempt = attempt_of(event)
        gap = event.t - before[1] if before and before[0] == attempt else None
        before = attempt, event.t
        if isinstance(event.data, str):
            yield Token(event.seq, event.t, gap, event.data, attempt=attempt)
            continue
        part, text = _part(event.data)
        choice, logprobs = event.data.get("choice", 0), event.data.get("logprobs") or ()
        yield Token(event.seq, event.t, gap, text, part, choice, attempt, logprobs)


def _part(data: Mapping[str, Any]) -> tuple[str, str]:
    for part in ("text", "reasoning", "refusal"):
        if text := data.get(part):
            return part, text
    call = data.get("tool_call")
    return ("tool", f"{call.get('name') or ''}{call.get('arguments') or ''}") if call else ("text", "")


def token_page(events: Sequence[Event], after: int = -1, limit: int = PAGE) -> TokenPage:
    everything = list(tokens(events))
    rest = [token for token in everything if token.seq > after]
    page = rest[:limit]
    following = page[-1].seq if len(rest) > limit else None
    return TokenPage(page, len(everything), following, any(token.logprobs for token in everything))


def render_tokens(page: Sequence[Token]) -> SafeString:
    """A span a token; where another attempt begins, a break that says so."""
    parts: list[str] = []
    attempt = page[0].attempt if page else 1
    for token in page:
        if token.attempt != attempt:
            attempt = token.attempt
            parts.append(f'<span class="tokens__break">{escape(_("Attempt %(number)d") % {"number": attempt})}</span>')
        parts.append(_render(token))
    return mark_safe("".join(parts))  # noqa: S308  (text and titles are escaped)


def _render(token: Token) -> str:
    classes = ["token", f"token--gap-{gap_step(token.gap or 0)}"]
    title = f"#{token.seq} · {duration(token.t)}"
    if token.gap is not None:
        title += f" · +{duration(token.gap)}"
    if (probability := token.probability) is not None:
        classes.append(f"token--lp-{probability_step(probability)}")
        title += f" · {probability:.1%}"
    if token.part != "text":
        classes.append(f"token--{token.part}")
        title += f" · {token.part}"
    if token.choice:
        classes.append("token--choice")
        title += " · " + _("choice %(number)d") % {"number": token.choice + 1}
    if not token.text:
        classes.append("token--empty")
    text = escape(token.text).replace("\n", '<span class="token__newline" aria-hidden="true">↵</span>\n')
    return f'<span class="{" ".join(classes)}" title="{escape(title)}">{text}</span>'
