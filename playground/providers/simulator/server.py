"""The simulator: an OpenAI-compatible upstream whose pace and faults are named in the model."""

import hmac
from collections import OrderedDict
from dataclasses import asdict, dataclass
from typing import Any, Final

import orjson

from playground.providers.simulator.answers import Answer
from playground.providers.simulator.ask import ApiError, Ask, read_ask
from playground.providers.simulator.connection import Connection, Response
from playground.providers.simulator.grammar import EXAMPLES, HELP, UnknownModel, parse_model
from playground.providers.simulator.http1 import Refused, Request
from playground.providers.simulator.paced_server import PacedServer
from playground.providers.simulator.responses import late, streamed, whole

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
        self._refusals: OrderedDict[bytes, int] = OrderedDict()

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
        """Attempts are of one request when their bodies are the same; an answer makes the next one a first again."""
        refusal = ask.script.refusal
        if refusal is None:
            return
        done = self._refusals.pop(ask.identity, 0)
        if refusal.attempts is not None and done >= refusal.attempts:
            return
        self._refusals[ask.identity] = done + 1
        if len(self._refusals) > _REMEMBERED_REQUESTS:
            self._refusals.popitem(last=False)
        kind, code = _KINDS.get(refusal.status, _SERVER_KIND if refusal.status >= 500 else _CLIENT_KIND)
        raise ApiError(
            refusal.status,
            f"The simulator refuses attempt {done + 1} of this request, as the model's name asks.",
            kind=kind,
            code=code,
            headers={"retry-after": str(refusal.retry_after)} if refusal.status in _RETRY_LATER else None,
        )

    def _answer(self, request: Request, ask: Ask) -> Response:
        answer = Answer(ask, self.counters.started + 1)
        close = not request.keep_alive
        if ask.stream and not ask.script.whole:
            # Without chunked coding (HTTP/1.0) only the end of the connection can end the body.
            close = close or not request.chunked_ok
            steps = streamed(answer, chunked=request.chunked_ok, close=close)
        else:
            steps = late(answer, close=close)
        return Response(steps, counted=True, close=close)


def _model(name: str) -> dict[str, Any]:
    try:
        parse_model(name)
    except UnknownModel as error:
        raise ApiError(404, str(error), param="model", code="model_not_found") from None
    return {"id": name, "object": "model", "created": 0, "owned_by": "simulator", "description": HELP}


def _json(request: Request, value: object) -> Response:
    return Response(whole(200, orjson.dumps(value), close=not request.keep_alive), close=not request.keep_alive)
