"""Starting, retrying and stopping runs. Synchronous, for views and commands; the engine does the rest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from playground.accounts.models import User
from playground.connections.catalogue import ResolvedModel, resolve
from playground.errors import Busy, InvalidField, TooManyRuns
from playground.providers.request import GenerationRequest, Message
from playground.runs.apps import running_engine
from playground.runs.conversation import conversation, prompt_of, system_of
from playground.runs.engine import Engine
from playground.runs.live import RunSpec
from playground.runs.models import IdempotencyKey, Run, Session, Turn
from playground.runs.parameters import clean_parameters, is_text, to_request_parameters
from playground.runs.store import LIVE, lease_end
from playground.workspaces.models import Workspace

MAX_LANES = 8
TITLE_LENGTH = 80


@dataclass(frozen=True, slots=True)
class TurnDraft:
    """What a person or a program wants to send.

    Either `prompt` (and `system`), sent after the session's earlier turns; or `messages`, the whole conversation, sent
    as it is. `before`: only turns at positions below it count as earlier (to edit a prompt and send it again).
    """

    model_ids: Sequence[str]
    prompt: str = ""
    system: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    messages: Sequence[Mapping[str, str]] | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Idempotency:
    """A client's key for one request, and the digest of that request."""

    key: str
    digest: str


def current_engine() -> Engine:
    """The engine of this process.

    Raises:
        Busy: this process runs none, or not yet.
    """
    engine = running_engine()
    if engine is None:
        raise Busy(_("The server is still starting. Try again in a few seconds."), retry_after=2)
    return engine


def start_turn(user: User, workspace: Workspace, draft: TurnDraft, session: Session | None = None) -> Turn:
    """`start_runs`, for who wants the turn."""
    return start_runs(user, workspace, draft, session)[0].turn


def start_runs(
    user: User,
    workspace: Workspace,
    draft: TurnDraft,
    session: Session | None = None,
    idempotency: Idempotency | None = None,
) -> list[Run]:
    """Save a turn with one queued run a model, in a new session if none is given, and start its runs.

    Raises:
        InvalidField: the draft is wrong; `field` is `prompt`, `messages`, `model` or a parameter's name.
        TooManyRuns: the user's limit of live runs is reached.
        Busy: the process is full, or stopping.
    """
    draft_fields = _checked(draft)
    models = [resolve(workspace, model_id) for model_id in draft.model_ids]
    engine = current_engine()
    with engine.admission.held(len(models)), transaction.atomic():
        _hold_user_limit(user, len(models))
        if session is None:
            opened = _new_session(user, workspace, draft_fields["prompt"])
            turn = Turn.objects.create(session=opened, position=0, **draft_fields)
        else:
            turn = _add_turn(session, draft_fields)
        runs = [
            _add_run(engine, turn, model, lane, messages=_messages(session, draft, lane))
            for lane, model in enumerate(models)
        ]
        if idempotency is not None:
            IdempotencyKey.objects.create(
                user=user, key=idempotency.key, request_digest=idempotency.digest, run=runs[0]
            )
    engine.start([_spec(run, user, model) for run, model in zip(runs, models, strict=True)])
    return runs


def retry_run(user: User, workspace: Workspace, run: Run) -> Run:
    """Send what `run` sent once more, as a new run in the same lane. Raises what `start_turn` raises."""
    model = resolve(workspace, run.model_id)
    engine = current_engine()
    with engine.admission.held(1), transaction.atomic():
        _hold_user_limit(user, 1)
        again = _add_run(engine, run.turn, model, run.lane, messages=run.messages, retries=run)
        Session.objects.filter(id=run.turn.session_id).update(updated_at=timezone.now())
    engine.start([_spec(again, user, model)])
    return again


def request_stop(run: Run) -> None:
    """Ask for a run to be stopped, wherever it lives. Idempotent; does nothing to a run that has ended."""
    asked = Run.objects.filter(id=run.id, status__in=LIVE, stop_requested_at=None).update(stop_requested_at=Now())
    engine = running_engine()
    if asked and engine is not None:
        engine.stop(run.id, run.owner_process)


def _checked(draft: TurnDraft) -> dict[str, Any]:
    if not 1 <= len(draft.model_ids) <= MAX_LANES:
        raise InvalidField("model", _("Choose 1 to %(most)d models.") % {"most": MAX_LANES})
    if draft.messages is None:
        field, prompt, system = "prompt", draft.prompt, draft.system
        texts = [prompt, system]
    else:
        field, prompt, system = "messages", prompt_of(draft.messages), system_of(draft.messages)
        texts = [message["content"] for message in draft.messages]
    if not prompt.strip():
        raise InvalidField(field, _("Write a prompt first: it is empty."))
    if not all(map(is_text, texts)):
        raise InvalidField(field, _("The prompt holds half a character (a lone surrogate). Remove it."))
    if any("\0" in text for text in texts):
        raise InvalidField(field, _("The prompt holds a NUL character, which no model takes. Remove it."))
    size, limit = sum(len(text.encode()) for text in texts), settings.PLAYGROUND_MAX_PROMPT_BYTES
    if size > limit:
        message = _("The prompt has %(size)d KiB; at most %(limit)d KiB can be sent. Shorten it.")
        raise InvalidField(field, message % {"size": size // 1024, "limit": limit // 1024})
    return {"prompt": prompt, "system": system, "parameters": clean_parameters(draft.parameters)}


def _hold_user_limit(user: User, wanted: int) -> None:
    if connection.features.has_select_for_update:  # one start at a time counts and adds; SQLite has one writer anyway
        User.objects.select_for_update().get(id=user.pk)
    live = Run.objects.filter(turn__session__owner=user, status__in=LIVE).count()
    limit = settings.PLAYGROUND_MAX_RUNS_PER_USER
    if live + wanted > limit:
        message = _("You have %(live)d answers streaming; the limit is %(limit)d. Wait for one to end, or stop one.")
        raise TooManyRuns(message % {"live": live, "limit": limit})


def _new_session(user: User, workspace: Workspace, prompt: str) -> Session:
    title = " ".join(prompt.split())
    if len(title) > TITLE_LENGTH:
        title = title[: TITLE_LENGTH - 1].rstrip() + "…"
    return Session.objects.create(owner=user, workspace=workspace, title=title, updated_at=timezone.now())


def _add_turn(session: Session, fields: dict[str, Any]) -> Turn:
    Session.objects.filter(id=session.id).update(updated_at=timezone.now())
    last = Turn.objects.filter(session=session).aggregate(last=Max("position"))["last"]
    return Turn.objects.create(session=session, position=0 if last is None else last + 1, **fields)


def _messages(session: Session | None, draft: TurnDraft, lane: int) -> list[dict[str, str]]:
    if draft.messages is not None:
        return [dict(message) for message in draft.messages]
    return conversation(session, lane=lane, system=draft.system, prompt=draft.prompt, before=draft.before)


def _add_run(
    engine: Engine,
    turn: Turn,
    model: ResolvedModel,
    lane: int,
    *,
    messages: list[dict[str, str]],
    retries: Run | None = None,
) -> Run:
    return Run.objects.create(
        turn=turn,
        lane=lane,
        model_id=model.model_id,
        messages=messages,
        retries=retries,
        owner_process=engine.owner,
        lease_expires_at=lease_end(),
    )


def _spec(run: Run, user: User, model: ResolvedModel) -> RunSpec:
    request = GenerationRequest(
        model=model.model,
        messages=tuple(Message(m["role"], m["content"]) for m in run.messages),
        parameters=to_request_parameters(run.turn.parameters),
    )
    return RunSpec(run.id, user.pk, run.epoch, run.model_id, model, request)
