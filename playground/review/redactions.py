"""Spans that are hidden from whoever comes by a link, and from exports. `sharing` reads the rows and hides them."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.db.models import Prefetch
from django.http import QueryDict
from django.utils.translation import gettext as _

from playground.accounts.models import User
from playground.errors import InvalidField
from playground.recording.redaction import Span
from playground.review.anchors import run_of, turn_of, whole_number
from playground.review.models import Redaction
from playground.review.news import hidden_changed
from playground.review.shown_text import ShownText
from playground.runs.models import Run, Session
from playground.workspaces.audit import record

Part = Redaction.Part
OF_RUNS: Final = frozenset({Part.ANSWER, Part.REASONING})
_SHOWN: Final = 120  # code points of a hidden span, for those who may see it


@dataclass(frozen=True, slots=True)
class ShownRedaction:
    """`elsewhere`: how often the session says the same in places that are not hidden."""

    redaction: Redaction
    text: str
    elsewhere: int


def text_of(redaction: Redaction) -> str:
    """The whole part that the span is in."""
    if redaction.run is not None:
        return redaction.run.text if redaction.part == Part.ANSWER else redaction.run.reasoning
    return redaction.turn.prompt if redaction.part == Part.PROMPT else redaction.turn.system


def shown_text(redaction: Redaction) -> ShownText:
    text = text_of(redaction)
    return ShownText.of_markdown(text) if redaction.part == Part.ANSWER else ShownText.verbatim(text)


def redactions_of(session: Session) -> Sequence[ShownRedaction]:
    """In the order of the page. Three queries."""
    found = list(
        Redaction.objects.filter(turn__session=session)
        .select_related("turn", "run", "created_by")
        .order_by("turn__position", "run__lane", "part", "start")
    )
    parts = list(_parts(session)) if found else []
    return [
        ShownRedaction(each, hidden_text(each)[:_SHOWN], len(list(_elsewhere(hidden_text(each), parts, found))))
        for each in found
    ]


def hidden_text(redaction: Redaction) -> str:
    return text_of(redaction)[redaction.start : redaction.end]


def _parts(session: Session) -> Iterator[tuple[Redaction, str]]:
    """Every text of the session, with a redaction of nothing that names its place."""
    for turn in session.turns.prefetch_related(Prefetch("runs", Run.objects.defer("messages"))):
        yield Redaction(turn=turn, part=Part.PROMPT), turn.prompt
        yield Redaction(turn=turn, part=Part.SYSTEM), turn.system
        for run in turn.runs.all():
            if run.is_final:
                yield Redaction(turn=turn, run=run, part=Part.ANSWER), run.text
                yield Redaction(turn=turn, run=run, part=Part.REASONING), run.reasoning


def _elsewhere(text: str, parts: Iterable[tuple[Redaction, str]], hidden: Iterable[Redaction]) -> Iterator[Redaction]:
    """Where the same text stands and is not hidden, as redactions that are not stored."""
    covered: dict[tuple[object, ...], list[Span]] = defaultdict(list)
    for each in hidden:
        covered[each.turn_id, each.run_id, each.part].append(Span(each.start, each.end))
    for place, whole in parts:
        spans = covered[place.turn_id, place.run_id, place.part]
        for match in re.finditer(re.escape(text), whole):
            if not any(start <= match.start() and match.end() <= end for start, end in spans):
                yield Redaction(turn=place.turn, run=place.run, part=place.part, start=match.start(), end=match.end())


def read_redaction(session: Session, data: QueryDict) -> Redaction:
    """One that is not stored yet. The form gives `part`, `turn` or `run`, `quote` and `near` (see `ShownText.locate`).

    Raises:
        NotFound: the session has no such turn or run.
        InvalidField: the part does not say that.
    """
    try:
        part = Part(data.get("part", ""))
    except ValueError:
        raise InvalidField("part", _("Select text of a prompt or an answer.")) from None
    if part in OF_RUNS:
        run = run_of(session, data.get("run", ""))
        if not run.is_final:
            raise InvalidField("run", _("Wait until the answer is complete."))
        redaction = Redaction(turn=run.turn, run=run, part=part)
    else:
        redaction = Redaction(turn=turn_of(session, data.get("turn", "")), part=part)
    span = shown_text(redaction).locate(data.get("quote", ""), whole_number(data, "near"))
    if span is None:
        raise InvalidField("quote", _("This text is not there as it is stored. Select it anew."))
    redaction.start, redaction.end = span
    return redaction


@transaction.atomic
def redact(redaction: Redaction, session: Session, actor: User) -> None:
    """Store it; spans of the same part that it touches become one with it."""
    redaction.created_by = actor
    touching = Redaction.objects.filter(
        turn=redaction.turn, run=redaction.run, part=redaction.part, start__lte=redaction.end, end__gte=redaction.start
    )
    spans = [Span(*span) for span in touching.values_list("start", "end")]
    redaction.start = min([redaction.start, *(span.start for span in spans)])
    redaction.end = max([redaction.end, *(span.end for span in spans)])
    touching.delete()
    redaction.save()
    record(session.workspace, actor, "redaction.add", session, subject_id=session.pk, part=redaction.part)
    hidden_changed(session)


@transaction.atomic
def redact_everywhere(redaction: Redaction, session: Session, actor: User) -> None:
    """Hide what a redaction hides wherever else the session says it."""
    hidden = Redaction.objects.filter(turn__session=session)
    for found in list(_elsewhere(hidden_text(redaction), list(_parts(session)), list(hidden))):
        redact(found, session, actor)


@transaction.atomic
def unredact(redaction: Redaction, actor: User) -> None:
    session = redaction.turn.session
    redaction.delete()
    record(session.workspace, actor, "redaction.remove", session, subject_id=session.pk, part=redaction.part)
    hidden_changed(session)
