"""A server whose models are recordings."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from playground.mock import attempts
from playground.mock.answer import Answer, Recording, answer, failure, refused
from playground.mock.attempts import Attempts
from playground.mock.dialects import Asked, asked_at
from playground.mock.errors import BadOption, NotServed
from playground.mock.framing import framed
from playground.mock.options import AS_RECORDED, MockOptions, read_options
from playground.providers.simulator.connection import Response
from playground.providers.simulator.http1 import Refused, Request
from playground.providers.simulator.paced_server import PacedServer

PREFIX: Final = "replay/"


class MockServer(PacedServer):
    """Serves on the running event loop.

        async with MockServer([recording]) as mock:
            mock.base_url   # http://127.0.0.1:PORT/v1

    POST to any path answers with a recording: by its id, with or without "replay/" before it, in `model` or in the
    path; the first one where no model is named, or none of these and there is only one. `GET …/models` lists them.
    Headers and fields of a request choose other `options` for it. Raises OSError when it cannot listen.
    """

    def __init__(
        self,
        recordings: Sequence[Recording],
        options: MockOptions = AS_RECORDED,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        super().__init__(host, port)
        self._recordings = {recording.id: recording for recording in recordings}
        self._options = options
        self._attempts = Attempts()
        self.live = 0  # answers that are being written

    # --- what connections tell -----------------------------------------------------------------------------------

    def answer_started(self) -> None:
        self.live += 1

    def answer_ended(self, *, aborted: bool) -> None:
        self.live -= 1

    # --- requests ------------------------------------------------------------------------------------------------

    def refuse(self, refused: Refused) -> Response:
        return Response(framed(failure("", refused.status, refused.message), close=True), close=True)

    def respond(self, request: Request) -> Response:
        found = self._route(request)
        # Without chunked coding (HTTP/1.0) only the end of the connection can end the body.
        close = not request.keep_alive or not request.chunked_ok or found.is_cut
        steps = framed(found, close=close, chunked=request.chunked_ok)
        return Response(steps, counted=True, close=close)

    def _route(self, request: Request) -> Answer:
        path = request.path.rstrip("/")
        if request.method == "GET" and path.endswith("/models"):
            return _json({"object": "list", "data": [_model(recording) for recording in self._recordings.values()]})
        if request.method != "POST":
            return failure("", 405, "Only POST is answered with a recording, and GET …/models with their list.")
        fields = _fields(request.body)
        asked = asked_at(path, fields)
        recording = self._named(fields, path)
        if recording is None:
            names = ", ".join(f"{PREFIX}{name}" for name in list(self._recordings)[:10])
            return failure(asked.dialect, 404, f"There is no such recording here. There is: {names}.", param="model")
        return self._answer(recording, asked, fields, request.headers)

    def _answer(
        self, recording: Recording, asked: Asked, fields: Mapping[str, Any], headers: Mapping[str, str]
    ) -> Answer:
        dialect = asked.dialect or recording.attempt.dialect
        try:
            options = read_options(fields, headers, self._options)
            client = headers.get(attempts.HEADER) or headers.get("authorization", "")
            refusal = self._attempts.refusal(options.refusals, recording.id, client)
            return refused(dialect, refusal) if refusal else answer(recording, asked, options)
        except BadOption as problem:
            return failure(dialect, 400, problem.message, param=problem.field)
        except NotServed as problem:
            return failure(dialect, 404, problem.message)

    def _named(self, fields: Mapping[str, Any], path: str) -> Recording | None:
        model = fields.get("model")
        if isinstance(model, str) and (found := self._recordings.get(model.removeprefix(PREFIX))):
            return found
        in_path = next((recording for name, recording in self._recordings.items() if name in path), None)
        if in_path is not None:
            return in_path
        # A client that is tested asks for its own model, and here is but one answer to give.
        if len(self._recordings) == 1 or not isinstance(model, str):
            return next(iter(self._recordings.values()), None)
        return None


def _fields(body: bytes) -> Mapping[str, Any]:
    """The fields of a JSON object; of anything else none, since any request is answered."""
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return fields if isinstance(fields, dict) else {}


def _model(recording: Recording) -> dict[str, Any]:
    return {
        "id": PREFIX + recording.id,
        "object": "model",
        "created": recording.created,
        "owned_by": "replay",
        "description": f"A recording of {recording.model}",
    }


def _json(value: object) -> Answer:
    return Answer.json(200, orjson.dumps(value))
