"""The messages of a socket: what a client may say in one, and how it is told that it was wrong."""

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson

from playground.errors import BadRequest, Busy, NotFound, PlaygroundError

RETRY_S = 1

_ROOM = re.compile(r"[a-z]{1,20}:[A-Za-z0-9-]{1,40}")
_CODES = ("not_found", "forbidden", "too_many_runs", "busy")


def parse(text: str | None) -> dict[str, Any]:
    if text is None:
        raise BadRequest("Send JSON in text messages; binary messages are not understood.")
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise BadRequest("That is not JSON.") from None
    if not isinstance(message, dict):
        raise BadRequest("A message must be a JSON object with an “op”.")
    return message


def error_text(error: PlaygroundError, about: Mapping[str, Any]) -> str:
    """The message that tells of it. `about`: the run or the room that was meant."""
    code = error.code if error.code in _CODES else "bad_request"
    return orjson.dumps({"op": "error", **about, "code": code, "message": error.message}).decode()


def no_run() -> NotFound:
    return NotFound("There is no such run, or it is not yours.")


def damaged() -> NotFound:
    return NotFound("What was recorded of this run is damaged, and cannot be shown.")


def no_answer() -> Busy:
    return Busy("The database does not answer. Ask again in a few seconds.", retry_after=RETRY_S)


def no_room() -> NotFound:
    return NotFound("There is no such room, or it is not open to you.")


def room_of(message: Mapping[str, Any]) -> str:
    room = message.get("room")
    if not isinstance(room, str) or not _ROOM.fullmatch(room):
        raise BadRequest("“room” must be a kind and a name, as in “workspace:1”.", field="room")
    return room


def run_id_of(message: Mapping[str, Any]) -> UUID:
    try:
        return UUID(message.get("run") or "")
    except (ValueError, AttributeError, TypeError):
        raise BadRequest("“run” must be the id of a run.", field="run") from None


def whole_of(message: Mapping[str, Any], name: str, *, at_least: int) -> int:
    value = message.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or value < at_least:
        raise BadRequest(f"“{name}” must be a whole number, at least {at_least}.", field=name)
    return value
