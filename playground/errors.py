"""The errors that a person or a program can be shown.

PlaygroundError                 code, message, HTTP status, the field that is wrong
├── BadRequest          400     the request cannot be understood
│   └── InvalidField    422     one field is wrong: `field` names it
├── NotSignedIn         401
├── Forbidden           403
├── NotFound            404     also: it exists, and is not yours
├── Conflict            409
├── TooManyRuns         429     the person's own limit of live runs
├── RateLimited         429     an API token's own limit of runs a minute or tokens a day; `retry_after` seconds
├── Busy                503     the whole process is full; `retry_after` seconds
└── Damaged             500     what the database holds of a recording cannot be read

Each edge (pages, REST, WebSocket, commands) maps this tree once. The errors of an upstream model are another tree:
`playground.providers.errors`.
"""


class PlaygroundError(Exception):
    """`message` is one sentence for a person: what is wrong and what to do next. `page` shows it."""

    code = "error"
    status = 500
    page = "errors/error.html"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class BadRequest(PlaygroundError):
    code = "bad_request"
    status = 400


class InvalidField(BadRequest):
    code = "invalid"
    status = 422

    def __init__(self, field: str, message: str, value: str = "") -> None:
        """`value`: of a field that holds several, the one that is wrong."""
        super().__init__(message, field=field)
        self.value = value


class NotSignedIn(PlaygroundError):
    code = "not_signed_in"
    status = 401


class Forbidden(PlaygroundError):
    code = "forbidden"
    status = 403


class NotFound(PlaygroundError):
    code = "not_found"
    status = 404


class Conflict(PlaygroundError):
    code = "conflict"
    status = 409


class TooManyRuns(PlaygroundError):
    code = "too_many_runs"
    status = 429


class RateLimited(PlaygroundError):
    code = "rate_limited"
    status = 429

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Busy(PlaygroundError):
    code = "busy"
    status = 503

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Damaged(PlaygroundError):
    """Trying again is no use: an operator may have a backup."""

    code = "damaged"
    status = 500
