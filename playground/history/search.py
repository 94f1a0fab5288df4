"""Search in the titles, prompts and answers of sessions.

A query is split at spaces into terms ("…" keeps a phrase whole); a session is found if each term occurs somewhere in
it, in any case. A term is a piece of text, not a word: languages without spaces are searched like any other.
SQLite's trigram index cannot know a term of one or two characters, such as 北京: those read the tables through.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from playground import rows
from playground.history.search_schema import has_trigrams
from playground.runs.models import Run, Session, Turn

MAX_TERMS: Final = 8
TRIGRAM: Final = 3
MOST_FOUND: Final = 1_000
_BEFORE, _LENGTH = 40, 180  # characters of a snippet before the match, and in all

_TERM: Final = re.compile(r'"([^"]+)"|(\S+)')
_MATCHING: Final = "SELECT d.ref FROM history_fts f JOIN history_document d ON d.id = f.rowid WHERE f.body MATCH %s"
_MORE_THAN: Final = "SELECT 1 FROM history_fts WHERE body MATCH %s LIMIT 1 OFFSET %s"


def terms_of(query: str) -> list[str]:
    """The distinct terms of a query, at most MAX_TERMS."""
    found = ((match[1] or match[2]).replace("\0", "").strip() for match in _TERM.finditer(query))
    return list(dict.fromkeys(term for term in found if term))[:MAX_TERMS]


def search(sessions: QuerySet[Session], terms: Sequence[str]) -> QuerySet[Session]:
    for term in terms:
        found = sessions_with(term)
        sessions = sessions.filter(occurs(term) if found is None else Q(pk__in=found))
    return sessions


def occurs(term: str) -> Q:
    """That a session's title, or a prompt or an answer in it, contains the term: by reading them."""
    turns = Turn.objects.filter(_contains("prompt", term) | _contains("system", term), session=OuterRef("pk"))
    runs = Run.objects.filter(_contains("text", term), turn__session=OuterRef("pk"))
    return _contains("title", term) | Q(Exists(turns)) | Q(Exists(runs))


def sessions_with(term: str) -> set[UUID] | None:
    """The sessions of everyone that contain the term, by the index; None if they are too many, or no index knows."""
    if len(term) < TRIGRAM:
        return None
    if connection.vendor == "sqlite":
        return _by_trigrams(term) if has_trigrams() else None
    sources: list[QuerySet[Any, UUID]] = [
        Session.objects.filter(_contains("title", term)).order_by().values_list("pk", flat=True),
        Turn.objects.filter(_contains("prompt", term)).order_by().values_list("session_id", flat=True),
        Turn.objects.filter(_contains("system", term)).order_by().values_list("session_id", flat=True),
        Run.objects.filter(_contains("text", term)).order_by().values_list("turn__session_id", flat=True),
    ]
    found: set[UUID] = set()
    for source in sources:
        ids = list(source[: MOST_FOUND + 1])
        if len(ids) > MOST_FOUND:
            return None
        found.update(ids)
    return found


def _by_trigrams(term: str) -> set[UUID] | None:
    quoted = '"' + term.replace('"', '""') + '"'
    if rows.fetch(_MORE_THAN, [quoted, MOST_FOUND]):
        return None
    session, turn, run = map(rows.table_of, (Session, Turn, Run))
    sql = (
        f"WITH found AS MATERIALIZED ({_MATCHING}) SELECT id FROM {session} WHERE id IN found "  # noqa: S608
        f"UNION SELECT session_id FROM {turn} WHERE id IN found "
        f"UNION SELECT t.session_id FROM {run} r JOIN {turn} t ON t.id = r.turn_id WHERE r.id IN found"
    )
    return {UUID(key) for (key,) in rows.fetch(sql, [quoted])}


def _contains(field: str, term: str) -> Q:
    """SQLite's own comparison knows the cases of ASCII only: the likely spellings are tried."""
    spellings = {term}
    if connection.vendor == "sqlite" and not term.isascii():
        spellings |= {term.lower(), term.upper(), term.capitalize()}
    return reduce(or_, (Q(**{f"{field}__icontains": spelling}) for spelling in sorted(spellings)))


def snippets(session_ids: Sequence[UUID], terms: Sequence[str]) -> Mapping[UUID, SafeString]:
    """The surroundings of a match in each session that has one in a prompt or an answer, as HTML with the terms marked.

    One query, whatever the number of sessions; only the surroundings are read, not the texts.
    """
    if not terms or not session_ids:
        return {}
    session, turn, run = map(rows.table_of, (Session, Turn, Run))
    prompts = f"SELECT {_cut('t.prompt')} FROM {turn} t WHERE t.session_id = s.id AND {_at('t.prompt')} > 0"  # noqa: S608
    answers = (
        f"SELECT {_cut('r.text')} FROM {turn} t JOIN {run} r ON r.turn_id = t.id "  # noqa: S608
        f"WHERE t.session_id = s.id AND {_at('r.text')} > 0"
    )
    of_a_term = f"({prompts} ORDER BY t.id LIMIT 1), ({answers} ORDER BY r.id LIMIT 1)"
    columns = ", ".join([of_a_term] * len(terms))
    sql = f"SELECT s.id, {columns} FROM {session} s WHERE s.id IN ({rows.places(session_ids)})"  # noqa: S608
    by_key = dict(zip(rows.keys_of(session_ids), session_ids, strict=True))
    found = rows.fetch(sql, [*(term for term in terms for _ in range(4)), *by_key])
    return {by_key[key]: mark_terms(text, terms) for key, *texts in found if (text := next(filter(None, texts), ""))}


def _at(column: str) -> str:
    """Where a column has the term, from 1; 0 if it has not."""
    return f"{'INSTR' if connection.vendor == 'sqlite' else 'STRPOS'}(LOWER({column}), LOWER(%s))"


def _cut(column: str) -> str:
    greatest = "MAX" if connection.vendor == "sqlite" else "GREATEST"
    return f"SUBSTR({column}, {greatest}({_at(column)} - {_BEFORE}, 1), {_LENGTH})"


def mark_terms(text: str, terms: Sequence[str]) -> SafeString:
    """Plain text as HTML with each occurrence of a term in `<mark>`."""
    if not terms:
        return conditional_escape(text)
    pattern = "|".join(re.escape(term) for term in sorted(terms, key=len, reverse=True))
    return mark_safe("".join(_marked(re.split(f"({pattern})", text, flags=re.IGNORECASE))))  # noqa: S308  (escaped)


def _marked(parts: Sequence[str]) -> Iterator[str]:
    for index, part in enumerate(parts):
        yield format_html("<mark>{}</mark>", part) if index % 2 else conditional_escape(part)
