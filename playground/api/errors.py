"""Errors of the REST API: `{"error": {"code", "message", "field"?}}` with the fitting status, mapped here only."""

import logging
from functools import partial
from typing import Any

from django.db import Error
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from playground.errors import (
    BadRequest,
    Busy,
    Damaged,
    InvalidField,
    NotFound,
    NotSignedIn,
    PlaygroundError,
    RateLimited,
)
from playground.outage import count_refused
from playground.recording.segments import CorruptSegment
from playground.runs.database import is_away
from playground.runs.parameters import CHECKS

logger = logging.getLogger(__name__)


def error_body(error: PlaygroundError) -> dict[str, Any]:
    body = {"code": error.code, "message": error.message}
    if error.field:
        body["field"] = error.field
    return {"error": body}


def _from_validation(error: ValidationError) -> PlaygroundError:
    """The first thing that is wrong with a request, and where."""
    first = error.errors[0]
    path = [str(part) for part in first["loc"] if part not in ("body", "payload", "query", "path")]
    message = str(first["msg"]).removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        hint = " Parameters go into “params”." if path[-1] in CHECKS else ""
        return InvalidField(".".join(path), f"There is no field “{path[-1]}” here.{hint}")
    if not path:
        return BadRequest(f"The request body is not understood: {message}.")
    return InvalidField(".".join(path), f"{'.'.join(path)}: {message[:1].lower()}{message[1:]}.")


def _respond(api: NinjaAPI, request: HttpRequest, error: PlaygroundError) -> HttpResponse:
    response = api.create_response(request, error_body(error), status=error.status)
    if isinstance(error, Busy | RateLimited):
        response["Retry-After"] = str(error.retry_after)
        response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001  (it is no fault of ours)
    if isinstance(error, NotSignedIn):
        response["WWW-Authenticate"] = "Bearer"
    return response


def install(api: NinjaAPI) -> None:
    respond = partial(_respond, api)

    @api.exception_handler(PlaygroundError)
    def _playground(request: HttpRequest, error: PlaygroundError) -> HttpResponse:
        return respond(request, error)

    @api.exception_handler(Error)
    def _database(request: HttpRequest, error: Error) -> HttpResponse:
        if not is_away(error):
            raise error
        count_refused(request)
        return respond(request, Busy("The database does not answer. Try again in a few seconds.", retry_after=5))

    @api.exception_handler(CorruptSegment)
    def _recording(request: HttpRequest, error: CorruptSegment) -> HttpResponse:
        logger.error("A recording cannot be read for %s: %s", request.path, error)
        return respond(request, Damaged("What was recorded of this run is damaged, and cannot be read."))

    @api.exception_handler(ValidationError)
    def _validation(request: HttpRequest, error: ValidationError) -> HttpResponse:
        return respond(request, _from_validation(error))

    @api.exception_handler(AuthenticationError)
    def _authentication(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
        message = "Send a valid API token as “Authorization: Bearer …”; the account page makes one."
        return respond(request, NotSignedIn(message))

    @api.exception_handler(Http404)
    def _missing(request: HttpRequest, error: Http404) -> HttpResponse:
        return respond(request, NotFound("There is no such thing, or it is not yours."))

    @api.exception_handler(HttpError)
    def _http(request: HttpRequest, error: HttpError) -> HttpResponse:
        return respond(request, BadRequest("The body is not JSON." if error.status_code == 400 else str(error)))
