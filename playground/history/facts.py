"""What the rows of a list say of their sessions, read by hand: Django took longer to write these queries than any
database takes to answer them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import DateTimeField
from django.utils import timezone

from playground import rows
from playground.review.models import SessionTag, Tag
from playground.runs.models import Run, Session, Turn

_OPENING = 400  # characters


class LastRun(NamedTuple):
    """What a row says of a run of its session's last turn."""

    model: str
    status: str
    findings: Sequence[Mapping[str, Any]]


@dataclass(slots=True)
class Facts:
    """Of one session. `opening`: how its first prompt begins. `runs`: of its last turn, but not those that were
    retried. `is_linked`: a share link opens it, which has neither expired nor been revoked."""

    opening: str = ""
    runs: list[LastRun] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    is_linked: bool = False


def facts_of(ids: Sequence[UUID]) -> dict[UUID, Facts]:
    """Of each of the sessions, in four queries."""
    facts = {key: Facts() for key in ids}
    if facts:
        by_key = dict(zip(rows.keys_of(ids), facts.values(), strict=True))
        _add_openings(by_key)
        _add_runs(by_key)
        _add_tags(by_key)
        _add_links(by_key)
    return facts


def _add_openings(facts: Mapping[Any, Facts]) -> None:
    turn = rows.table_of(Turn)
    first = f"SELECT MIN(f.position) FROM {turn} f WHERE f.session_id = t.session_id"  # noqa: S608
    sql = f"SELECT t.session_id, SUBSTR(t.prompt, 1, {_OPENING}) FROM {turn} t WHERE {{}} AND t.position = ({first})"  # noqa: S608
    for session, opening in _of(facts, sql, "t.session_id"):
        facts[session].opening = opening


def _add_runs(facts: Mapping[Any, Facts]) -> None:
    turn, run = map(rows.table_of, (Turn, Run))
    last = f"SELECT MAX(l.position) FROM {turn} l WHERE l.session_id = t.session_id"  # noqa: S608
    sql = (
        f"SELECT t.session_id, r.id, r.retries_id, r.model_id, r.status, r.findings FROM {turn} t "  # noqa: S608
        f"JOIN {run} r ON r.turn_id = t.id WHERE {{}} AND t.position = ({last}) ORDER BY r.lane, r.created_at"
    )
    found = _of(facts, sql, "t.session_id")
    retried = {retries for _session, _key, retries, *_shown in found}  # in the same turn: among what is read anyway
    for session, key, _retries, model, status, findings in found:
        if key not in retried:
            facts[session].runs.append(LastRun(model, status, json.loads(findings)))


def _add_tags(facts: Mapping[Any, Facts]) -> None:
    tagged, tag = map(rows.table_of, (SessionTag, Tag))
    sql = f"SELECT s.session_id, t.name FROM {tagged} s JOIN {tag} t ON t.id = s.tag_id WHERE {{}} ORDER BY t.name"  # noqa: S608
    for session, name in _of(facts, sql, "s.session_id"):
        facts[session].tags.append(name)


def _add_links(facts: Mapping[Any, Facts]) -> None:
    link = rows.table_of(Session.share_links.rel.related_model)
    sql = (
        f"SELECT session_id FROM {link} WHERE {{}} AND revoked_at IS NULL "  # noqa: S608
        "AND (expires_at IS NULL OR expires_at > %s)"
    )
    now = DateTimeField().get_db_prep_value(timezone.now(), rows.database())
    for (session,) in _of(facts, sql, "session_id", now):
        facts[session].is_linked = True


def _of(facts: Mapping[Any, Facts], sql: str, column: str, *values: Any) -> list[tuple[Any, ...]]:
    """Its `{}` becomes the condition that a row is of one of the sessions."""
    return rows.fetch(sql.format(f"{column} IN ({rows.places(list(facts))})"), [*facts, *values])
