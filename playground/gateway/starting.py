"""From a request to runs: who asks, what for, and the places that it takes. Called on the engine's database threads."""

import asyncio
import contextvars
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import orjson

from playground.connections.catalogue import resolve
from playground.errors import BadRequest, InvalidField, NotFound, NotSignedIn
from playground.gateway.calls import Call, Client, Endpoint
from playground.gateway.requests import drafts_of, said
from playground.http import uuid_of
from playground.providers.loosejson import is_too_deep
from playground.recording.events import NOTICE
from playground.review.tags import add_tag
from playground.runs.access import changeable_sessions
from playground.runs.engine import Engine
from playground.runs.live import LiveRun, RunSpec, StopReason
from playground.runs.models import Run, Session
from playground.runs.parameters import holds_nul
from playground.runs.token_limits import hold_scope
from playground.runs.turns import start_runs
from playground.workspaces.models import ApiToken
from playground.workspaces.tokens import authenticate_token

NOT_READ: Final = {
    "code": "client_not_reading",
    "message": "The client stopped reading the answer, so its connection was cut and the run was stopped.",
}
REPLAY: Final = "replay/"
MAX_TAGS: Final = 10
_TAG_LENGTH: Final = 40
_NUL: Final = b"\\u0000"


class Lives:
    """The runs of one call. Made and stopped on the event loop; `launch` is for the thread that saves them.

    A client may leave while its runs are being saved: they are launched all the same, for the places that are held for
    them are given back when they end, and then stopped.
    """

    def __init__(self, engine: Engine) -> None:
        self.runs: list[LiveRun] = []
        self._engine = engine
        self._left = False
        self._loop = asyncio.get_running_loop()

    def launch(self, specs: Sequence[RunSpec]) -> None:
        self._loop.call_soon_threadsafe(self._launch, specs, context=contextvars.Context())

    def stop(self, why: Mapping[str, Any] | None = None) -> None:
        """Nobody waits for what has not ended. `why`: a notice that says more than that the client has gone; a run
        whose answer is whole, and only waits to be stored, gets none."""
        self._left = True
        for live in self.runs:
            if not live.is_final:
                if why is not None and live.is_streaming:
                    live.log.emit(NOTICE, why)
                live.stop(StopReason.USER)

    def _launch(self, specs: Sequence[RunSpec]) -> None:
        self.runs += self._engine.launch(specs)
        if self._left:
            self.stop()


def token_of(headers: Mapping[str, str]) -> ApiToken:
    """Raises NotSignedIn."""
    scheme, _, secret = headers.get("authorization", "").partition(" ")
    token = authenticate_token(secret.strip()) if scheme.lower() == "bearer" else None
    if token is None:
        raise NotSignedIn(
            "Incorrect API key provided: send a valid token of this playground as “Authorization: Bearer spg_…”; the "
            "account page makes one."
        )
    return token


def read_call(endpoint: Endpoint, headers: Mapping[str, str], raw: bytes, engine: Engine, client: Client) -> Call:
    """Raises NotSignedIn, BadRequest, InvalidField."""
    token = token_of(headers)
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"The body of the request is not JSON: {error}.") from None
    if not isinstance(body, dict):
        raise BadRequest("The body of the request must be a JSON object.")
    if is_too_deep(raw, body):
        raise BadRequest("The body of the request has lists or objects that are nested too deeply.")
    if not isinstance(body.get("model"), str) or not body["model"]:
        raise BadRequest("You must provide a model: its id is CONNECTION/MODEL, as /v1/models lists it.", field="model")
    if _NUL in raw and holds_nul(body):
        raise BadRequest("The request holds a NUL character, which no model takes. Remove it.")
    return Call(endpoint, body, headers, token, engine, client)


def start(call: Call, launch: Callable[[Sequence[RunSpec]], None]) -> list[Run]:
    """Save and launch the runs of a call, one a prompt. Raises what `start_runs` raises, and NotFound."""
    token = call.token
    hold_scope(token, [call.model_id])
    drafts = drafts_of(call, resolve(token.workspace, call.model_id))
    session, tags = _session(call), _tags(call)

    def add_tags(runs: list[Run]) -> None:
        for name in tags:
            add_tag(runs[0].turn.session, name)

    runs: list[Run] = []
    for draft in drafts:
        hook = add_tags if tags and not runs else None
        runs += start_runs(token.user, token.workspace, draft, session, hook, launch)
        session = runs[0].turn.session
    return runs


def _session(call: Call) -> Session | None:
    """The one that the turn is added to, if the client names one."""
    given = call.headers.get("x-playground-session", "").strip()
    if not given:
        return None
    session_id = uuid_of(given)
    if session_id is None:
        raise InvalidField("x-playground-session", "x-playground-session must be the id of a session.")
    found = changeable_sessions(call.token.user).filter(id=session_id, workspace=call.token.workspace).first()
    if found is None:
        raise NotFound("There is no such session, or you cannot add to it.", field="x-playground-session")
    return found


def _tags(call: Call) -> list[str]:
    given = (" ".join(name.split()) for name in said(call, "x-playground-tags").split(","))
    names = list(dict.fromkeys(name for name in given if name))
    if len(names) > MAX_TAGS or any(len(name) > _TAG_LENGTH for name in names):
        message = f"x-playground-tags: at most {MAX_TAGS} tags of at most {_TAG_LENGTH} characters each."
        raise InvalidField("x-playground-tags", message)
    return names
