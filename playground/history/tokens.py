"""An answer chunk by chunk: where the provider cut it, how long each took to come, how sure the model was."""

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from playground.history.answer import attempt_of
from playground.history.gaps import gap_step, probability_step
from playground.history.parts import chunk_before
from playground.recording.events import CHUNK, Event
from playground.recording.units import duration

PAGE: Final = 2_000
LONGEST: Final = 4_000  # characters of a token; the rest is in its event
_ROW = 48  # tokens, then the row ends with the next line break


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
    """`first` is the number of the page's first token, of `total`; the next page follows the seq `next`."""

    tokens: Sequence[Token]
    first: int
    total: int
    next: int | None
    has_logprobs: bool


def tokens(events: Sequence[Event]) -> Iterator[Token]:
    """All chunks of all attempts, in order."""
    last = chunk_before(events)
    before = (attempt_of(last), last.t) if last else None
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


def token_page(events: Sequence[Event], after: int = -1, limit: int = PAGE, *, holding: int | None = None) -> TokenPage:
    """The tokens after a seq; or, of the pages of the whole answer, the one that holds the seq `holding`."""
    everything = list(tokens(events))
    if holding is not None:
        place = next((index for index, token in enumerate(everything) if token.seq >= holding), 0)
        first = place // limit * limit
        after = everything[first - 1].seq if first else -1
    rest = [token for token in everything if token.seq > after]
    page = rest[:limit]
    following = page[-1].seq if len(rest) > limit else None
    has_logprobs = any(token.logprobs for token in everything)
    return TokenPage(page, len(everything) - len(rest), len(everything), following, has_logprobs)


def render_tokens(
    page: TokenPage, *, linked: bool = False, chosen: int | None = None, by_seq: bool = False
) -> SafeString:
    """Rows of spans, a span a token; or `linked`, of links to the token on the run's page.

    A row ends only where the text has a line break, so that none is seen which the text does not have, and no grapheme
    is torn. Another attempt begins a row of its own that says so. The token whose seq is `chosen` is marked.
    A row has the number of its first token; `by_seq`, that of its event.
    """
    rows: list[str] = []
    attempt = page.tokens[0].attempt if page.tokens else 1
    number = page.first
    for of, members in itertools.groupby(page.tokens, key=lambda token: token.attempt):
        if of != attempt:
            attempt = of
            words = _("Attempt %(number)d") % {"number": of}
            rows.append(f'<li class="tokens__break">{escape(words)}</li>')
        for row in _rows(members):
            spans = "".join(_render(token, linked=linked, is_chosen=token.seq == chosen) for token in row)
            start = f'<span class="tokens__start">{row[0].seq if by_seq else number}</span>'
            rows.append(f'<li class="tokens__row">{start}<span class="tokens__text">{spans}</span></li>')
            number += len(row)
    return mark_safe("\n".join(rows))  # noqa: S308  (text and titles are escaped)


def _rows(group: Iterable[Token]) -> Iterator[list[Token]]:
    row: list[Token] = []
    for token in group:
        row.append(token)
        if len(row) >= _ROW and token.text.endswith("\n"):
            yield row
            row = []
    if row:
        yield row


def _render(token: Token, *, linked: bool, is_chosen: bool) -> str:
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
    left = len(token.text) - LONGEST
    shown = token.text[:LONGEST]
    if left > 0:
        shown += _(" … and %(count)s more characters") % {"count": f"{left:,}"}
    text = escape(shown).replace("\n", '<span class="token__newline" aria-hidden="true">↵</span>\n')
    attributes = f'class="{" ".join(classes)}" title="{escape(title)}" data-seq="{token.seq}"'
    if is_chosen:
        attributes += ' id="chosen" aria-current="true"'
    if not linked:
        return f"<span {attributes}>{text}</span>"
    # one of them is reached by Tab, the others from it by the arrow keys
    return f'<a {attributes} href="?view=tokens&amp;seq={token.seq}" tabindex="{0 if is_chosen else -1}">{text}</a>'
