"""The simulator: an OpenAI-compatible upstream whose pace and faults are named in the model."""

import hmac
from collections import OrderedDict
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import orjson

from playground.providers.simulator.answers import Answer
from playground.providers.simulator.ask import ApiError, Ask, read_ask
from playground.providers.simulator.connection import Connection, Response
from playground.providers.simulator.faults import Ending, PlacedFault
from playground.providers.simulator.grammar import EXAMPLES, HELP, UnknownModel, parse_model
from playground.providers.simulator.http1 import Refused, Request
from playground.providers.simulator.paced_server import PacedServer
from playground.providers.simulator.responses import cut_up, faulty, late, streamed, whole

_REMEMBERED_REQUESTS: Final = 10_000
_RETRY_LATER: Final = frozenset({408, 409, 429, *range(500, 600)})
_CLIENT_KIND: Final = ("invalid_request_error", None)
_SERVER_KIND: Final = ("server_error", None)
_KINDS: Final[dict[int, tuple[str, str | None]]] = {
    429: ("requests", "rate_limit_exceeded"),
    529: ("overloaded_error", "overloaded"),
}


@dataclass(slots=True)
class Counters:
    """Answers of models: now being written, begun in all, written to their end, and left by their client."""

    live: int = 0
    started: int = 0
    finished: int = 0
    aborted: int = 0
    connections: int = 0


class _Attempts:
    """How often each request was asked. Attempts are of one request when their bodies are the same."""

    def __init__(self) -> None:
        self._done: OrderedDict[bytes, int] = OrderedDict()

    def take(self, identity: bytes, most: int | None) -> int | None:
        """The attempt's number, from 1; None once `most` were made, and then the next one is a first again."""
        done = self._done.pop(identity, 0)
        if most is not None and done >= most:
            return None
        self._done[identity] = done + 1
        if len(self._done) > _REMEMBERED_REQUESTS:
            self._done.popitem(last=False)
        return done + 1


class Simulator(PacedServer):
    """Serves on the running event loop.

        async with Simulator() as sim:
            sim.base_url   # http://127.0.0.1:PORT/v1

    `port=0` takes a free one. With an `api_key`, requests must bring it as a bearer token. Routes: `GET /v1/models`,
    `GET /v1/models/NAME`, `POST /v1/chat/completions`, `POST /v1/completions`, and `GET /stats`: the counters as JSON.
    `grammar.HELP` says how models are named. Raises OSError when it cannot listen.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0, api_key: str = "") -> None:
        super().__init__(host, port)
        self.counters = Counters()
        self._api_key = api_key.encode()
        self._refused = _Attempts()
        self._faulted = _Attempts()

    # --- what connections tell -----------------------------------------------------------------------------------

    def opened(self, connection: Connection) -> None:
        super().opened(connection)
        self.counters.connections += 1

    def closed(self, connection: Connection) -> None:
        super().closed(connection)
        self.counters.connections -= 1

    def answer_started(self) -> None:
        self.counters.started += 1
        self.counters.live += 1

    def answer_ended(self, *, aborted: bool) -> None:
        self.counters.live -= 1
        if aborted:
            self.counters.aborted += 1
        else:
            self.counters.finished += 1

    # --- requests ------------------------------------------------------------------------------------------------

    def refuse(self, refused: Refused) -> Response:
        error = ApiError(refused.status, refused.message)
        return Response(whole(error.status, error.body, close=True), close=True)

    def respond(self, request: Request) -> Response:
        try:
            return self._route(request)
        except ApiError as error:
            steps = whole(error.status, error.body, error.headers, close=not request.keep_alive)
            return Response(steps, close=not request.keep_alive)

    def _route(self, request: Request) -> Response:
        match request.method, request.path.rstrip("/"):
            case "GET", "/stats":
                return _json(request, asdict(self.counters))
            case "POST", "/v1/chat/completions" | "/v1/completions":
                self._check_key(request)
                ask = read_ask(request.body, chat=request.path.startswith("/v1/chat"))
                self._refuse_first_attempts(ask)
                return self._answer(request, ask)
            case "GET", "/v1/models":
                self._check_key(request)
                return _json(request, {"object": "list", "data": [_model(name) for name in EXAMPLES]})
            case "GET", path if path.startswith("/v1/models/"):
                self._check_key(request)
                return _json(request, _model(path.removeprefix("/v1/models/")))
            case method, "/stats" | "/v1/models" | "/v1/chat/completions" | "/v1/completions":
                raise ApiError(405, f"{method[:20]} is not a method of this path.", code="method_not_allowed")
        raise ApiError(404, "There is nothing at this path; the base URL ends in /v1.", code="not_found")

    def _check_key(self, request: Request) -> None:
        given = request.headers.get("authorization", "").encode("latin-1")
        if self._api_key and not hmac.compare_digest(given, b"Bearer " + self._api_key):
            raise ApiError(401, "The API key is missing or wrong.", code="invalid_api_key")

    def _refuse_first_attempts(self, ask: Ask) -> None:
        refusal = ask.script.refusal
        number = self._refused.take(ask.identity, refusal.attempts) if refusal is not None else None
        if refusal is None or number is None:
            return
        kind, code = _KINDS.get(refusal.status, _SERVER_KIND if refusal.status >= 500 else _CLIENT_KIND)
        raise ApiError(
            refusal.status,
            f"The simulator refuses attempt {number} of this request, as the model's name asks.",
            kind=kind,
            code=code,
            headers={"retry-after": str(refusal.retry_after)} if refusal.status in _RETRY_LATER else None,
        )

    def _answer(self, request: Request, ask: Ask) -> Response:
        answer = Answer(ask, self.counters.started + 1)
        close, chunked = not request.keep_alive, request.chunked_ok
        placed = self._fault(ask)
        if placed is not None:
            close = close or not chunked
            fault = placed.fault
            response = Response(
                faulty(answer, placed, chunked=chunked, close=close),
                counted=fault.status == 200,
                close=close or fault.ending is not Ending.IN_ORDER,
                reset=fault.ending is Ending.RESET,
            )
            return _in_pieces(response, ask.script.bytes, by_turns=fault.by_turns)
        if ask.stream and not ask.script.whole:
            # Without chunked coding (HTTP/1.0) only the end of the connection can end the body.
            close = close or not chunked
            steps = streamed(answer, chunked=chunked, close=close)
        else:
            steps = late(answer, close=close)
        return _in_pieces(Response(steps, counted=True, close=close), ask.script.bytes)

    def _fault(self, ask: Ask) -> PlacedFault | None:
        """What goes wrong in this answer. One that goes on from a part is past the chunk at which it would."""
        placed = ask.script.fault
        if placed is None or (ask.continues and placed.fault.placed):
            return None
        if placed.fault.once and self._faulted.take(ask.identity, 1) is None:
            return None
        return placed


def _in_pieces(response: Response, size: int, *, by_turns: bool = False) -> Response:
    """The same with `size` bytes a write, each of them a read of the client's, if it keeps up."""
    steps = cut_up(response.steps, size) if size else response.steps
    return replace(response, steps=steps, by_turns=by_turns or size > 0)


def _model(name: str) -> dict[str, Any]:
    try:
        parse_model(name)
    except UnknownModel as error:
        raise ApiError(404, str(error), param="model", code="model_not_found") from None
    return {"id": name, "object": "model", "created": 0, "owned_by": "simulator", "description": HELP}


def _json(request: Request, value: object) -> Response:
    return Response(whole(200, orjson.dumps(value), close=not request.keep_alive), close=not request.keep_alive)
