"""The REST API `/api/v1`."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import Prefetch
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from ninja import NinjaAPI, Query, Status
from ninja.security import HttpBearer

from playground.api import errors, event_lines, recordings
from playground.api.idempotency import started_once
from playground.api.schemas import (
    CancelOut,
    ErrorBody,
    MessageIn,
    ModelList,
    RunIn,
    RunOut,
    RunStarted,
    SessionDetail,
    SessionFilters,
    SessionPage,
    StepFilters,
)
from playground.errors import Forbidden, InvalidField, NotFound
from playground.history.conditions import selection_of
from playground.history.filters import HistoryForm
from playground.history.listing import Cursor
from playground.history.queries import session_page
from playground.http import absolute
from playground.recording.events import ATTEMPT_STARTED
from playground.recording.status import FINAL
from playground.recording.steps import filtered
from playground.runs.access import changeable_runs, changeable_sessions, stoppable_runs, visible_runs, visible_sessions
from playground.runs.conversation import text_of_content
from playground.runs.models import Run, Session, Turn
from playground.runs.reader import open_log
from playground.runs.stopping import request_stop
from playground.runs.token_limits import visible_models
from playground.runs.turns import Created, Following, TurnDraft, continue_run, retry_run, start_runs
from playground.workspaces.models import ApiToken
from playground.workspaces.tokens import authenticate_token


class Bearer(HttpBearer):
    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        return authenticate_token(token)


class ApiRequest(HttpRequest):
    """A request with a valid token."""

    auth: ApiToken


api = NinjaAPI(title="Streaming Playground", version="1", auth=Bearer(), docs_url=None, urls_namespace="api")
errors.install(api)
api.add_router("", recordings.router)
PROBLEM = dict.fromkeys((400, 401, 403, 404, 409, 422, 429, 503), ErrorBody)


@api.post("/runs", response={201: RunStarted, **PROBLEM}, summary="Start a run")
def create_run(request: ApiRequest, payload: RunIn) -> Status[dict[str, Any]]:
    """Start one run. With the header `Idempotency-Key`, the same request sent again answers with the same run."""
    token = request.auth

    def start(created: Created) -> Run:
        if (payload.prompt is None) == (payload.messages is None):
            raise InvalidField("prompt", "Send either “prompt” or “messages”.")
        draft = TurnDraft(
            model_ids=[payload.model],
            prompt=payload.prompt or "",
            messages=None if payload.messages is None else _messages(payload.messages),
            parameters=payload.params,
            is_recorded=payload.record,
            token=token,
        )
        (run,) = start_runs(token.user, token.workspace, draft, _session(request, payload.session), created)
        return run

    return Status(201, _started(request, started_once(request, token, start)))


def _follow(request: ApiRequest, run_id: UUID, start: Following) -> Status[dict[str, Any]]:
    token, before = request.auth, _run_to_change(request, run_id)
    following = partial(start, token.user, token.workspace, before, token)
    return Status(201, _started(request, started_once(request, token, following, before)))


def _messages(given: list[MessageIn]) -> list[dict[str, Any]]:
    return [
        {"role": message.role, "content": text_of_content(message.content, f"messages.{place}.content")}
        for place, message in enumerate(given)
    ]


@api.get("/runs/{uuid:run_id}", response={200: RunOut, **PROBLEM}, summary="Read a run")
def get_run(request: ApiRequest, run_id: UUID) -> dict[str, Any]:
    return _run_out(request, _run(request, run_id))


@api.get("/runs/{uuid:run_id}/events", summary="Read the events of a run")
def get_events(request: ApiRequest, run_id: UUID, steps: Query[StepFilters], after: int = -1) -> HttpResponseBase:
    """What is held now, as JSON lines `{"seq", "t", "kind", "data"}`; `after` is the last seq you have.

    The includes and excludes leave steps out by name, type and tag; other events go by those of the outermost step.
    """
    _refuse_unknown(request, {"after", *StepFilters.model_fields})
    events, after = open_log(_run(request, run_id)).events, max(-1, after)
    if request.GET.keys() & set(StepFilters.model_fields):
        return event_lines.respond(filtered(events, steps.lets_in(), after), -1)
    return event_lines.respond(events, after)


@api.post("/runs/{uuid:run_id}/cancel", response={202: CancelOut, **PROBLEM}, summary="Stop a run")
def cancel_run(request: ApiRequest, run_id: UUID) -> Status[dict[str, Any]]:
    """Ask for the run to be stopped. Sending it again, or to a run that has ended, changes nothing."""
    run = _run(request, run_id)
    if not stoppable_runs(request.auth.user).filter(id=run.id).exists():
        raise Forbidden("Only the person whose run this is, or an owner of the workspace, can stop it.")
    request_stop(run)
    return Status(202, {"id": run.id, "status": run.status})


@api.post("/runs/{uuid:run_id}/retry", response={201: RunStarted, **PROBLEM}, summary="Send a run's request again")
def retry(request: ApiRequest, run_id: UUID) -> Status[dict[str, Any]]:
    """A new run in the same lane, which names this one in `retries`. `Idempotency-Key` as for a new run."""
    return _follow(request, run_id, retry_run)


@api.post("/runs/{uuid:run_id}/continue", response={201: RunStarted, **PROBLEM}, summary="Continue a run's answer")
def go_on(request: ApiRequest, run_id: UUID) -> Status[dict[str, Any]]:
    """A new run in the same lane that goes on from this one's text, and names it in `continues`.

    Its `text` is only what comes after. 409 where nothing was left to go on from. `Idempotency-Key` as for a new run.
    """
    return _follow(request, run_id, continue_run)


@api.get("/sessions", response={200: SessionPage, **PROBLEM}, summary="List sessions")
def get_sessions(request: ApiRequest, filters: Query[SessionFilters]) -> dict[str, Any]:
    """Your sessions in the token's workspace, as the history lists them; `scope=workspace`: what all of it sees.

    `q` searches titles, prompts and answers. Dates are YYYY-MM-DD. An empty page can have a `next`: go on.
    """
    form = HistoryForm({name: value for name, value in filters.dict().items() if value})
    if not form.is_valid():
        field, problems = next(iter(form.errors.items()))
        raise InvalidField(field, f"{field}: {problems[0]}")
    after = Cursor.parse(filters.cursor) if filters.cursor else None
    if filters.cursor and after is None:
        raise InvalidField("cursor", "“cursor” must be the “next” of an earlier page.")
    page = session_page(selection_of(request.auth.user, request.auth.workspace, form), after=after)
    return {
        "sessions": [_session_out(request, row.session) for row in page.rows],
        "next": str(page.next) if page.next else None,
    }


@api.get("/sessions/{uuid:session_id}", response={200: SessionDetail, **PROBLEM}, summary="Read a session")
def get_session(request: ApiRequest, session_id: UUID) -> dict[str, Any]:
    turns = Prefetch("turns", Turn.objects.prefetch_related("runs"))
    session = visible_sessions(request.auth.user).filter(id=session_id).prefetch_related(turns).first()
    if session is None:
        raise NotFound("There is no such session, or it is not yours.")
    return {**_session_out(request, session), "turns": [_turn_out(request, session, t) for t in session.turns.all()]}


@api.get("/models", response={200: ModelList, **PROBLEM}, summary="List models")
def get_models(request: ApiRequest) -> dict[str, Any]:
    return {"models": visible_models(request.auth)}


def _refuse_unknown(request: HttpRequest, known: Iterable[str]) -> None:
    """A filter with a wrong name would leave nothing out, and nobody would know. Raises InvalidField."""
    names = sorted(known)
    for name in request.GET:
        if name not in names:
            raise InvalidField(name[:200], f"There is no parameter “{name[:200]}” here: use {', '.join(names)}.")


def _run(request: ApiRequest, run_id: UUID) -> Run:
    run = visible_runs(request.auth.user).filter(id=run_id, turn__session__workspace=request.auth.workspace).first()
    if run is None:
        raise NotFound("There is no such run, or it is not yours.")
    return run


def _run_to_change(request: ApiRequest, run_id: UUID) -> Run:
    run = _run(request, run_id)
    if not changeable_runs(request.auth.user).filter(id=run.id).exists():
        raise Forbidden("Only the person whose session this is can do that.")
    return run


def _session(request: ApiRequest, session_id: UUID | None) -> Session | None:
    if session_id is None:
        return None
    mine = changeable_sessions(request.auth.user).filter(workspace=request.auth.workspace)
    session = mine.filter(id=session_id).first()
    if session is None:
        raise InvalidField("session", "There is no such session, or it is not yours.")
    return session


def _run_url(request: HttpRequest, run: Run) -> str:
    return absolute(request, reverse("history:run", args=[run.id]))


def _started(request: HttpRequest, run: Run) -> dict[str, Any]:
    return {"id": run.id, "status": run.status, "url": _run_url(request, run), "session": run.turn.session_id}


def _run_out(request: HttpRequest, run: Run) -> dict[str, Any]:
    """A run; what is only known at its end is, until then, read from its log."""
    log = None if run.is_final else open_log(run)
    if log is not None and log.status in FINAL:  # it ended since it was read: an end is stored before its log has it
        run.refresh_from_db()
        log = None
    if log is None:
        now: Mapping[str, Any] = {
            "status": run.status,
            "text": run.text,
            "attempts": run.attempts,
            "metrics": run.metrics,
        }
    else:
        attempts = sum(event.kind == ATTEMPT_STARTED for event in log.events)
        now = {"status": log.status, "text": log.text, "attempts": attempts, "metrics": log.metrics()}
    return {
        "id": run.id,
        "model": run.model_id,
        "finish_reason": run.finish_reason or None,
        "error": {"code": run.error_code, "message": run.error_message} if run.error_code else None,
        "usage": run.usage,
        "retries": run.retries_id,
        "continues": run.continues_id,
        "session": run.turn.session_id,
        "url": _run_url(request, run),
        "created_at": run.created_at,
        **now,
    }


def _session_out(request: HttpRequest, session: Session) -> dict[str, Any]:
    return {
        "id": session.id,
        "title": session.title,
        "pinned": session.pinned,
        "created_at": session.created_at,
        "updated_at": session.updated_at,
        "url": absolute(request, session.get_absolute_url()),
    }


def _turn_out(request: HttpRequest, session: Session, turn: Turn) -> dict[str, Any]:
    turn.session = session
    for run in turn.runs.all():
        run.turn = turn
    return {
        "id": turn.id,
        "prompt": turn.prompt,
        "system": turn.system,
        "parameters": turn.parameters,
        "created_at": turn.created_at,
        "runs": [_run_out(request, run) for run in turn.runs.all()],
    }
