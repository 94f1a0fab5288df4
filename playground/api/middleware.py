"""Whatever refuses a request under `/api/` answers in the API's shape: unknown routes, wrong methods, unknown hosts."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from django.http import HttpRequest, HttpResponse, JsonResponse

PREFIX: Final = "/api/"
_WORDS: Final = {
    400: ("bad_request", "The request cannot be understood."),
    404: ("not_found", "There is nothing at this address; /api/v1/openapi.json lists what there is."),
    503: ("busy", "The server cannot answer now. Try again in a few seconds."),
    405: ("method_not_allowed", "This address does not take that method."),
}


class ApiErrorMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        is_ours = response.headers.get("Content-Type", "").startswith("application/json")
        if response.status_code < 400 or is_ours or not request.path.startswith(PREFIX):
            return response
        code, message = _WORDS.get(response.status_code, ("error", HTTPStatus(response.status_code).phrase + "."))
        answer = JsonResponse({"error": {"code": code, "message": message}}, status=response.status_code)
        for name in ("Allow", "Retry-After"):
            if name in response.headers:
                answer[name] = response.headers[name]
        answer._has_been_logged = getattr(response, "_has_been_logged", False)  # type: ignore[attr-defined]  # noqa: SLF001
        return answer
