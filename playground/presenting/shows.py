"""Shows: starting and ending them, and what a presenter does in between. Synchronous, for views."""

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final, Literal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from uuid_utils.compat import uuid7

from playground.accounts.link_tokens import digest_of
from playground.accounts.models import User
from playground.errors import Conflict, Forbidden, PlaygroundError
from playground.presenting import stage as steps
from playground.presenting.access import may_ask_live, only_replayed
from playground.presenting.codes import code_of
from playground.presenting.fallback import watch
from playground.presenting.models import Show
from playground.presenting.program import Cue, cues_of, turn_ids
from playground.presenting.screens import tell
from playground.presenting.stage import Lane, Mode, Stage
from playground.runs.models import Run, Session
from playground.runs.stopping import request_stop
from playground.runs.turns import current_engine, retry_run
from playground.workspaces.audit import record

LASTS: Final = timedelta(hours=12)

Action = Literal["next", "previous", "first", "last", "replay", "live", "metrics", "blank", "qr", "theme", "mode"]

_SIMPLE: Final[dict[str, Callable[[Stage, Sequence[str]], Stage]]] = {
    "previous": lambda stage, turns: steps.go_to(stage, steps.turn_before(stage, turns)),
    "first": lambda stage, turns: steps.go_to(stage, turns[0] if turns else ""),
    "last": lambda stage, turns: steps.go_to(stage, turns[-1] if turns else ""),
    "metrics": lambda stage, _turns: steps.toggle(stage, "metrics"),
    "blank": lambda stage, _turns: steps.toggle(stage, "blank"),
    "qr": lambda stage, _turns: steps.toggle(stage, "qr"),
    "theme": lambda stage, _turns: steps.turn_theme(stage),
    "mode": lambda stage, _turns: steps.turn_mode(stage),
}
ACTIONS: Final = frozenset({"next", "replay", "live", *_SIMPLE})


def start_show(user: User, session: Session, *, title: str = "", mode: Mode = "replay", patience_s: int = 10) -> Show:
    """Put a session on stage. A show of it that is on goes on: there is one at a time."""
    with transaction.atomic():
        show = Show.objects.on().filter(session=session, presenter=user).first()
        if show is not None:
            return show
        show_id = uuid7()
        show = Show.objects.create(
            id=show_id,
            session=session,
            presenter=user,
            title=title,
            patience_s=patience_s,
            digest=digest_of(code_of(show_id)),
            state=Stage(mode=mode).as_json(),
            expires_at=timezone.now() + LASTS,
        )
        record(session.workspace, user, "show.start", session, subject_id=session.pk, show=str(show.pk))
    return show


def end_show(user: User, show: Show) -> None:
    """The audience's link is dead from now on. Ending it again does nothing."""
    with transaction.atomic():
        ended = Show.objects.filter(pk=show.pk, ended_at=None).update(ended_at=timezone.now())
        if ended:
            show.refresh_from_db()
            record(
                show.session.workspace, user, "show.end", show.session, subject_id=show.session_id, show=str(show.pk)
            )
            tell(show)


def act(user: User, show: Show, action: str) -> Show:
    """What the presenter does. Returns the show as it is then.

    Raises:
        Conflict: the show is over. A live answer that cannot start raises nothing: a recording takes its place.
        Forbidden: live answers are for the person whose session it is.
    """
    stage = Stage.from_json(show.state)
    may_ask = may_ask_live(user, show.session_id)
    if action in ("live", "mode") and not may_ask:
        raise Forbidden(only_replayed())
    if action == "next":
        if steps.is_due(stage):
            action = stage.mode if may_ask else "replay"
        else:
            turns = turn_ids(show.session)
            following = steps.turn_after(stage, turns)
            return show if following == stage.turn else change(show, lambda s: steps.go_to(s, following))
    if action in _SIMPLE:
        turns = turn_ids(show.session)
        return change(show, lambda s: _SIMPLE[action](s, turns))
    if not stage.turn:
        return show
    cues = cues_of(stage.turn)
    if action == "live":
        return _go_live(user, show, stage, cues)
    lanes = [cue.show(started_at=now_ms()) for cue in cues]
    return change(show, lambda s: steps.perform(s, stage.turn, lanes))


def change(show: Show, step: Callable[[Stage], Stage]) -> Show:
    """Take a step on the stage as it is by now, and tell all screens. Raises Conflict if the show is over."""
    with transaction.atomic():
        current = Show.objects.on().select_for_update(of=("self",)).filter(pk=show.pk).first()
        if current is None:
            raise Conflict(_("The show is over. Start a new one."))
        stage = Stage.from_json(current.state)
        changed = step(stage)
        if changed != stage:
            current.state = changed.as_json()
            current.save(update_fields=["state"])
            current.shown.add(*Run.objects.filter(pk__in=changed.runs - stage.runs))
            tell(current)
    return current


def now_ms() -> int:
    """The server's clock, which all screens follow."""
    return time.time_ns() // 1_000_000


def _go_live(user: User, show: Show, stage: Stage, cues: Sequence[Cue]) -> Show:
    """Ask the models again. The runs are the session's, as if each lane had been retried."""
    lanes = [_live_lane(user, show, cue) for cue in cues]
    shown = change(show, lambda s: steps.perform(s, stage.turn, lanes))
    replaced = [lane.run for lane in stage.lanes if lane.kind == "live"]
    for run in Run.objects.filter(pk__in=replaced):
        request_stop(run)
    engine = current_engine()
    for lane in lanes:
        if lane.kind == "live":
            engine.look_after(watch(engine, show.pk, stage.turn, lane, show.patience_s), f"show {show.pk}")
    return shown


def _live_lane(user: User, show: Show, cue: Cue) -> Lane:
    before = Run.objects.select_related("turn").get(pk=cue.newest.pk)
    try:
        run = retry_run(user, show.session.workspace, before)
    except PlaygroundError as error:
        return cue.show(started_at=now_ms(), failure=error.code)
    return Lane(cue.lane, run.model_id, str(run.pk), "live")
