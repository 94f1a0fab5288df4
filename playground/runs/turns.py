"""Starting, retrying and continuing runs. Synchronous, for views and commands; the engine does the rest."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from playground import rows
from playground.accounts.models import User
from playground.connections.catalogue import ResolvedModel, resolve
from playground.errors import Busy, Conflict, InvalidField
from playground.runs.apps import running_engine
from playground.runs.continuing import hold_continuation, may_continue, messages_to_continue
from playground.runs.conversation import conversation, prompt_of, system_of
from playground.runs.engine import Engine
from playground.runs.limits import hold_limits
from playground.runs.live import RunSpec
from playground.runs.models import Run, Session, Turn
from playground.runs.parameters import clean_parameters, is_text
from playground.runs.requests import generation_request
from playground.runs.store import lease_end
from playground.runs.token_limits import hold_rates, hold_scope
from playground.workspaces.access import require_role
from playground.workspaces.models import ApiToken, Role, Workspace

MAX_LANES = 8
TITLE_LENGTH = 80

# Called with runs in the transaction that saves them: what it writes is kept with them, and what it raises undoes both.
Created = Callable[[list[Run]], None] | None
# How a run is followed by another in its lane: `retry_run` or `continue_run`.
Following = Callable[[User, Workspace, Run, ApiToken | None, Created], Run]


@dataclass(frozen=True, slots=True)
class TurnDraft:
    """What a person or a program wants to send.

    Either `prompt` (and `system`), sent after the session's earlier turns; or `messages`, the whole conversation, sent
    as it is: {"role", "content"} and what else OpenAI's chat says in a message (`tool_calls`, `tool_call_id`, `name`).
    `before`: only turns at positions below it count as earlier (to edit a prompt and send it again).
    `is_recorded` False: it is streamed and not kept. `is_streamed` False: the answer is asked for in one piece.
    `title` and `origin` are those of a session that is new; `token`: the API token that sends this. `resolved`: what
    `model_ids` stand for, where it was looked up already.
    """

    model_ids: Sequence[str]
    prompt: str = ""
    system: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    messages: Sequence[Mapping[str, Any]] | None = None
    before: int | None = None
    is_recorded: bool = True
    is_streamed: bool = True
    keeps_bytes: bool = False
    title: str = ""
    origin: str = ""
    token: ApiToken | None = None
    resolved: Sequence[ResolvedModel] = ()


def current_engine() -> Engine:
    """The engine of this process.

    Raises:
        Busy: this process runs none, or not yet.
    """
    engine = running_engine()
    if engine is None:
        raise Busy(_("The server is still starting. Try again in a few seconds."), retry_after=2)
    return engine


def start_turn(
    user: User,
    workspace: Workspace,
    draft: TurnDraft,
    session: Session | None = None,
    created: Callable[[Turn], None] | None = None,
) -> Turn:
    """`start_runs`, for who wants the turn."""
    hook = None if created is None else lambda runs: created(runs[0].turn)
    return start_runs(user, workspace, draft, session, hook)[0].turn


def start_runs(
    user: User,
    workspace: Workspace,
    draft: TurnDraft,
    session: Session | None = None,
    created: Created = None,
    launch: Callable[[list[RunSpec]], object] | None = None,
) -> list[Run]:
    """Save a turn with one queued run a model, in a new session if none is given, and start its runs.

    `launch` starts the runs in place of `Engine.start`; it must, for the places that `admission` holds for them are
    given back by the engine when they end.

    Raises:
        Forbidden, NotFound: the user is a viewer of the workspace, or not in it; the token may not use the connection.
        InvalidField: the draft is wrong; `field` is `prompt`, `messages`, `model` or a parameter's name.
        TooManyRuns, RateLimited: the user's live runs, or what the token may use in a minute or a day, are used up.
        Busy: the process is full, or stopping.
    """
    require_role(user, workspace, Role.EDITOR)
    draft_fields = _checked(draft)
    if draft.token is not None:
        hold_scope(draft.token, draft.model_ids)
    models = draft.resolved or [resolve(workspace, model_id) for model_id in draft.model_ids]
    engine = current_engine()
    with engine.admission.held(len(models)), rows.writing():
        if draft.token is not None:
            hold_rates(draft.token, len(models))
        if session is None:
            turn = _create_turn(_new_session(user, workspace, draft), 0, draft_fields)
        else:
            turn = _add_turn(session, draft_fields)
        runs = [
            _add_run(engine, turn, model, lane, messages=_messages(session, draft, lane), token=draft.token)
            for lane, model in enumerate(models)
        ]
        if created is not None:
            created(runs)
        specs = [_spec(run, user, model, draft) for run, model in zip(runs, models, strict=True)]
        hold_limits(user, workspace, runs)
    (launch or engine.start)(specs)
    return runs


def retry_run(
    user: User, workspace: Workspace, run: Run, token: ApiToken | None = None, created: Created = None
) -> Run:
    """Send what `run` sent once more, as a new run in the same lane. `token` and `created` as in `start_runs`.

    Raises what `start_runs` raises, and Conflict for a run of which nothing was kept.
    """
    if not run.turn.is_recorded:
        raise Conflict(_("This prompt was not recorded, so it cannot be sent again. Write it once more."))
    return _run_again(user, workspace, run, token, created)


def continue_run(
    user: User, workspace: Workspace, run: Run, token: ApiToken | None = None, created: Created = None
) -> Run:
    """Have the model go on from the text of `run`, as a new run in the same lane, whose text is what comes after it.

    Raises what `retry_run` raises, and Conflict for a run that left nothing to go on from, or was continued already.
    """
    if not may_continue(run):
        raise Conflict(
            _(
                "There is nothing to continue: only an answer that was cut, stopped or too long has more. "
                "Send a new prompt."
            )
        )
    return _run_again(user, workspace, run, token, created, goes_on=True)


def _run_again(
    user: User,
    workspace: Workspace,
    run: Run,
    token: ApiToken | None,
    created: Created,
    *,
    goes_on: bool = False,
) -> Run:
    require_role(user, workspace, Role.EDITOR)
    if token is not None:
        hold_scope(token, [run.model_id])
    model = resolve(workspace, run.model_id)
    messages = messages_to_continue(run, model.way) if goes_on else run.messages
    before: dict[str, Run | None] = {"continues": run} if goes_on else {"retries": run, "continues": run.continues}
    engine = current_engine()
    with engine.admission.held(1), rows.writing():
        if token is not None:
            hold_rates(token, 1)
        if goes_on:
            hold_continuation(run)
        again = _add_run(engine, run.turn, model, run.lane, messages=messages, token=token, **before)
        Session.objects.filter(id=run.turn.session_id).update(updated_at=timezone.now())
        if created is not None:
            created([again])
        spec = _spec(again, user, model)
        hold_limits(user, workspace, [again])
    engine.start([spec])
    return again


def _checked(draft: TurnDraft) -> dict[str, Any]:
    if not 1 <= len(draft.model_ids) <= MAX_LANES:
        raise InvalidField("model", _("Choose 1 to %(most)d models.") % {"most": MAX_LANES})
    if draft.messages is None:
        field, prompt, system = "prompt", draft.prompt, draft.system
        texts = [prompt, system]
    else:
        field, prompt, system = "messages", prompt_of(draft.messages), system_of(draft.messages)
        texts = [message["content"] for message in draft.messages]
    # A conversation may also end in the result of a tool, or be a system message alone.
    if not any(text.strip() for text in ([prompt] if draft.messages is None else texts)):
        raise InvalidField(field, _("Write a prompt first: it is empty."))
    if not all(map(is_text, texts)):
        raise InvalidField(field, _("The prompt holds half a character (a lone surrogate). Remove it."))
    if any("\0" in text for text in texts):
        raise InvalidField(field, _("The prompt holds a NUL character, which no model takes. Remove it."))
    size, limit = sum(len(text.encode()) for text in texts), settings.PLAYGROUND_MAX_PROMPT_BYTES
    if size > limit:
        message = _("The prompt has %(size)d KiB; at most %(limit)d KiB can be sent. Shorten it.")
        raise InvalidField(field, message % {"size": size // 1024, "limit": limit // 1024})
    parameters = clean_parameters(draft.parameters)
    return {"prompt": prompt, "system": system, "parameters": parameters, "is_recorded": draft.is_recorded}


def _new_session(user: User, workspace: Workspace, draft: TurnDraft) -> Session:
    session = Session(
        owner=user,
        workspace=workspace,
        title=(draft.title or _title(draft)) if draft.is_recorded else "",
        origin=draft.origin,
        is_recorded=draft.is_recorded,
        updated_at=timezone.now(),
    )
    rows.insert(session)
    return session


def _title(draft: TurnDraft) -> str:
    prompt = draft.prompt if draft.messages is None else prompt_of(draft.messages) or system_of(draft.messages)
    title = " ".join(prompt.split())
    return title if len(title) <= TITLE_LENGTH else title[: TITLE_LENGTH - 1].rstrip() + "…"


def _add_turn(session: Session, fields: dict[str, Any]) -> Turn:
    Session.objects.filter(id=session.id).update(updated_at=timezone.now(), is_recorded=fields["is_recorded"])
    last = Turn.objects.filter(session=session).aggregate(last=Max("position"))["last"]
    return _create_turn(session, 0 if last is None else last + 1, fields)


def _create_turn(session: Session, position: int, fields: dict[str, Any]) -> Turn:
    """What is not recorded is in the turn that is returned, to be sent and shown once, and not in the database."""
    stored = fields if fields["is_recorded"] else {"prompt": "", "is_recorded": False}
    turn = Turn(session=session, position=position, **stored)
    rows.insert(turn)
    for name, value in fields.items():
        setattr(turn, name, value)
    return turn


def _messages(session: Session | None, draft: TurnDraft, lane: int) -> list[dict[str, Any]]:
    if draft.messages is not None:
        return [dict(message) for message in draft.messages]
    return conversation(session, lane=lane, system=draft.system, prompt=draft.prompt, before=draft.before)


def _add_run(
    engine: Engine,
    turn: Turn,
    model: ResolvedModel,
    lane: int,
    *,
    messages: list[dict[str, Any]],
    token: ApiToken | None = None,
    **before: Run | None,
) -> Run:
    """`before`: the runs that it `retries` and `continues`."""
    run = Run(
        turn=turn,
        lane=lane,
        model_id=model.model_id,
        messages=messages if turn.is_recorded else [],
        token=token,
        **before,
        owner_process=engine.owner,
        lease_expires_at=lease_end(),
    )
    rows.insert(run)
    run.messages = messages
    return run


def _spec(run: Run, user: User, model: ResolvedModel, draft: TurnDraft | None = None) -> RunSpec:
    request = generation_request(run, model.model, model.way, stream=draft is None or draft.is_streamed)
    return RunSpec(
        run.id,
        user.pk,
        run.epoch,
        run.model_id,
        model,
        request,
        is_recorded=run.turn.is_recorded,
        keeps_bytes=draft is not None and draft.keeps_bytes,
        workspace_id=run.turn.session.workspace_id,
    )
