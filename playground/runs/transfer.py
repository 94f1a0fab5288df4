"""Sessions out of the database and into it, as `recording.session_file` has them."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction
from django.utils import timezone

from playground.accounts.models import User
from playground.providers.sink import ErrorInfo, Outcome
from playground.recording.events import Event
from playground.recording.session_file import RecordedRun, RecordedSession, RecordedTurn
from playground.recording.status import RunStatus
from playground.runs.compaction import pack_compact
from playground.runs.models import Run, Segment, Session, Turn
from playground.runs.parameters import clean_parameters
from playground.runs.store import LIVE, load_events, load_reads, storable, summary
from playground.workspaces.models import Workspace

TITLE_LENGTH = 200
MODEL_LENGTH = 200
CODE_LENGTH = 60
_ESCAPE = re.compile(rb"\\(?:u0000|.)")


def recorded_session(session: Session) -> RecordedSession:
    """The session with the recordings of its ended runs. A turn that is not recorded has nothing to give."""
    turns = session.turns.filter(is_recorded=True).prefetch_related("runs").order_by("position")
    return RecordedSession(session.title, [_recorded_turn(turn) for turn in turns])


def import_session(recorded: RecordedSession, workspace: Workspace, owner: User, **fields: Any) -> Session:
    """Save a session with new ids; `fields` are the session's (`origin`, `visibility`).

    Raises:
        InvalidField: a turn's parameters are not ones that a turn can have.
    """
    prepared = [_Prepared(turn) for turn in recorded.turns]
    with transaction.atomic():
        session = Session.objects.create(
            workspace=workspace,
            owner=owner,
            title=storable(recorded.title)[:TITLE_LENGTH],
            updated_at=timezone.now(),
            **fields,
        )
        for position, turn in enumerate(prepared):
            _import_turn(session, position, turn)
    return session


def _recorded_turn(turn: Turn) -> RecordedTurn:
    """Runs of which nothing is kept are left out: what has no end cannot be imported."""
    final = [run for run in sorted(turn.runs.all(), key=lambda run: (run.lane, run.created_at)) if run.is_final]
    found = [(run, recorded) for run in final if (recorded := recorded_run(run)).events]
    places = {run.pk: index for index, (run, _recorded) in enumerate(found)}
    runs = [
        replace(recorded, retries=_place(places, run.retries_id), continues=_place(places, run.continues_id))
        for run, recorded in found
    ]
    return RecordedTurn(turn.prompt, turn.system, turn.parameters, runs)


def _place(places: Mapping[UUID, int], run_id: UUID | None) -> int | None:
    return places.get(run_id) if run_id else None


def recorded_run(run: Run) -> RecordedRun:
    """The recording of a run that has ended."""
    return RecordedRun(
        run.lane,
        run.model_id,
        run.messages,
        load_events(run.pk),
        load_reads(run.pk),
        None,
        run.started_at,
        run.ended_at,
    )


def parameters_of(recorded: RecordedTurn) -> dict[str, Any]:
    """The parameters of a turn as they are stored. Raises InvalidField for ones that a turn cannot have."""
    return clean_parameters(storable_json(dict(recorded.parameters)))


class _Prepared:
    """The columns of a turn and of its runs: made before the transaction, since packing a long one takes seconds.

    Raises:
        InvalidField: as `import_session`.
    """

    def __init__(self, recorded: RecordedTurn) -> None:
        self.turn = {
            "prompt": storable(recorded.prompt),
            "system": storable(recorded.system),
            "parameters": parameters_of(recorded),
        }
        self.runs = [((run.retries, run.continues), _columns(run), _segments(run)) for run in recorded.runs]


def _columns(recorded: RecordedRun) -> dict[str, Any]:
    return {
        "lane": recorded.lane,
        "model_id": storable(recorded.model)[:MODEL_LENGTH],
        "messages": storable_json([dict(message) for message in recorded.messages]),
        "started_at": recorded.started_at,
        "ended_at": recorded.ended_at,
        **summary(recorded.events, outcome_of(recorded.events[-1])),
    }


def _segments(recorded: RecordedRun) -> list[Segment]:
    """Packed, and of no run yet."""
    return list(pack_compact(UUID(int=0), [(recorded.events, recorded.reads)]))


def _import_turn(session: Session, position: int, prepared: _Prepared) -> None:
    turn = Turn.objects.create(session=session, position=position, **prepared.turn)
    now = timezone.now()
    runs: list[Run] = []
    for places, columns, segments in prepared.runs:
        retried, continued = (runs[at] if at is not None and at < len(runs) else None for at in places)
        times = {name: columns[name] or now for name in ("started_at", "ended_at")}
        run = Run.objects.create(turn=turn, retries=retried, continues=continued, **{**columns, **times})
        for segment in segments:
            segment.run = run
        Segment.objects.bulk_create(segments)
        runs.append(run)


def storable_json(value: Any) -> Any:
    """As `storable`, for all texts in what JSON can hold."""
    symbol = b"\xe2\x90\x80"  # of NUL
    return orjson.loads(_ESCAPE.sub(lambda m: symbol if m[0] == b"\\u0000" else m[0], orjson.dumps(value)))


def outcome_of(end: Event) -> Outcome:
    """How a run ended, from its `run.ended`; a status that is not final counts as interrupted."""
    data = end.data if not isinstance(end.data, str) else {}
    status = data.get("status", RunStatus.INTERRUPTED.value)
    error = data.get("error")
    return Outcome(
        RunStatus.INTERRUPTED if status in LIVE else RunStatus(status),
        finish_reason=data.get("finish_reason"),
        usage=data.get("usage"),
        error=ErrorInfo(storable(error["code"])[:CODE_LENGTH], error["message"]) if error else None,
        attempts=data.get("attempts") or 0,
    )
