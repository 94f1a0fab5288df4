"""Search in the titles, prompts and answers of sessions.

A query is split at spaces into terms ("…" keeps a phrase whole); a session is found if each term occurs somewhere in
it, in any case. A term is a piece of text, not a word: languages without spaces are searched like any other.
SQLite's trigram index cannot know a term of one or two characters, such as 北京: those read the tables through.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Greatest, Lower, StrIndex, Substr
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from playground.history.search_schema import has_trigrams
from playground.runs.models import Run, Session, Turn

MAX_TERMS: Final = 8
TRIGRAM: Final = 3
_BEFORE, _LENGTH = 40, 180  # characters of a snippet before the match, and in all

_TERM: Final = re.compile(r'"([^"]+)"|(\S+)')
_MATCHING: Final = "SELECT d.ref FROM history_fts f JOIN history_document d ON d.id = f.rowid WHERE f.body MATCH %s"


def terms_of(query: str) -> list[str]:
    """The distinct terms of a query, at most MAX_TERMS."""
    found = ((match[1] or match[2]).replace("\0", "").strip() for match in _TERM.finditer(query))
    return list(dict.fromkeys(term for term in found if term))[:MAX_TERMS]


def search(sessions: QuerySet[Session], terms: Sequence[str]) -> QuerySet[Session]:
    for term in terms:
        sessions = sessions.filter(_occurs(term))
    return sessions


def _occurs(term: str) -> Q:
    """That a session's title, or a prompt or an answer in it, contains the term."""
    if connection.vendor == "sqlite" and len(term) >= TRIGRAM and has_trigrams():
        quoted = '"' + term.replace('"', '""') + '"'
        title = prompt = answer = Q(pk__in=RawSQL(_MATCHING, [quoted]))  # noqa: S611  (no part of the SQL is input)
    else:
        title = Q(title__icontains=term)
        prompt = Q(prompt__icontains=term) | Q(system__icontains=term)
        answer = Q(text__icontains=term)
    turns = Turn.objects.filter(prompt).values("session_id")
    runs = Run.objects.filter(answer).order_by().values("turn__session_id")
    return title | Q(pk__in=turns) | Q(pk__in=runs)


def snippets(session_ids: Sequence[UUID], terms: Sequence[str]) -> Mapping[UUID, SafeString]:
    """The surroundings of a match in each session that has one in a prompt or an answer, as HTML with the terms marked.

    One query, whatever the number of sessions; only the surroundings are read, not the texts.
    """
    if not terms:
        return {}
    found = Session.objects.filter(pk__in=session_ids)
    names = []
    for number, term in enumerate(terms):
        for name, texts in (
            (f"prompt{number}", _cut(Turn.objects.filter(session=OuterRef("pk")), "prompt", term)),
            (f"answer{number}", _cut(Run.objects.filter(turn__session=OuterRef("pk")), "text", term)),
        ):
            names.append(name)
            found = found.annotate(**{name: Subquery(texts)})
    rows = found.values("pk", *names)
    return {row["pk"]: mark_terms(text, terms) for row in rows if (text := _first(row, names))}


def _first(row: Mapping[str, Any], names: Sequence[str]) -> str:
    return next((row[name] for name in names if row[name]), "")


def _cut(rows: QuerySet[Any], field: str, term: str) -> QuerySet[Any, Any]:
    at = StrIndex(Lower(F(field)), Lower(Value(term)))
    start = Greatest(F("at") - _BEFORE, Value(1))
    cut = Substr(field, start, _LENGTH)
    found: QuerySet[Any, Any] = rows.annotate(at=at).filter(at__gt=0).order_by("pk").annotate(cut=cut)
    return found.values("cut")[:1]


def mark_terms(text: str, terms: Sequence[str]) -> SafeString:
    """Plain text as HTML with each occurrence of a term in `<mark>`."""
    if not terms:
        return conditional_escape(text)
    pattern = "|".join(re.escape(term) for term in sorted(terms, key=len, reverse=True))
    return mark_safe("".join(_marked(re.split(f"({pattern})", text, flags=re.IGNORECASE))))  # noqa: S308  (escaped)


def _marked(parts: Sequence[str]) -> Iterator[str]:
    for index, part in enumerate(parts):
        yield format_html("<mark>{}</mark>", part) if index % 2 else conditional_escape(part)
