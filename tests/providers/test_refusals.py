"""Error answers of many providers, as the right error and one sentence."""

from typing import Any

import orjson
import pytest

from playground.providers import errors, refusals
from playground.providers.errors import ProviderError


@pytest.mark.parametrize(
    ("status", "body", "expected", "says"),
    [
        (
            400,
            {"error": {"message": "bad temperature", "type": "invalid_request_error"}},
            "invalid_request",
            "bad temp",
        ),
        (400, {"error": {"message": "too many", "code": "context_length_exceeded"}}, "prompt_too_long", "too many"),
        (400, {"error": {"code": "content_filter", "message": "no"}}, "content_filter", "no"),
        (401, {"error": {"message": "Incorrect API key", "code": "invalid_api_key"}}, "not_authenticated", "Incorrect"),
        (402, {"error": "Insufficient Balance"}, "quota_exceeded", "Insufficient Balance"),
        (403, {"error": {"message": "no access"}}, "not_permitted", "no access"),
        (404, {"detail": "Not Found"}, "model_not_found", "Not Found"),
        (405, b"", "invalid_request", "HTTP 405"),
        (413, b"<html><title>413 Too Large</title>", "prompt_too_long", "413 Too Large"),
        (422, {"detail": [{"loc": ["body"], "msg": "field required"}]}, "invalid_request", "HTTP 422"),
        (429, {"error": {"message": "slow down", "type": "requests"}}, "rate_limited", "slow down"),
        (429, {"error": {"message": "no money", "code": "insufficient_quota"}}, "quota_exceeded", "no money"),
        (500, b"\xff\xfe", "server_failed", "HTTP 500"),
        (502, b"<html><head><title>502 Bad\n Gateway</title></head>", "server_failed", "502 Bad Gateway"),
        (503, {"object": "error", "message": "loading"}, "overloaded", "loading"),
        (529, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, "overloaded", "Overl"),
        (599, b"upstream said no", "server_failed", "upstream said no"),
    ],
)
def test_an_http_error(status: int, body: Any, expected: str, says: str) -> None:
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    error = refusals.from_answer(status, {}, raw)
    assert (error.code, error.status) == (expected, status)
    assert says in error.message
    assert "\n" not in error.message
    assert error.message.endswith(".")


@pytest.mark.parametrize("body", [b"x" * 5000, b"<title>" + b"x" * 4000, orjson.dumps({"error": "x" * 5000})])
def test_a_long_body_is_cut(body: bytes) -> None:
    assert len(refusals.from_answer(500, {}, body).message) < 500


def test_an_address_that_is_none_is_still_a_redirect() -> None:
    error = refusals.from_answer(302, {"location": "http://[broken"}, b"")
    assert isinstance(error, errors.RedirectRefused)


def test_the_field_that_the_provider_names_is_kept() -> None:
    body = b'{"error":{"message":"no","type":"invalid_request_error","param":"sim.at","code":null}}'
    assert refusals.from_answer(400, {}, body).param == "sim.at"
    assert refusals.from_answer(400, {}, b'{"error":"no"}').param is None


def test_a_redirect_names_the_host_and_not_the_rest() -> None:
    error = refusals.from_answer(307, {"location": "https://evil.example/a?key=s3cret"}, b"")
    assert type(error) is errors.RedirectRefused
    assert "evil.example" in error.message
    assert "s3cret" not in error.message


def test_retry_after_is_kept_and_told() -> None:
    error = refusals.from_answer(429, {"retry-after": "20"}, b"")
    assert error.retry_after == 20
    assert "20 s" in error.message


@pytest.mark.parametrize(
    ("value", "expected", "says"),
    [
        ({"error": {"message": "boom", "type": "server_error", "code": None}}, errors.ServerFailed, "boom"),
        ({"error": {}}, errors.Refused, "reported an error"),
        ({"error": ""}, errors.ServerFailed, "The provider failed"),
        ({"error": "model crashed"}, errors.ServerFailed, "model crashed"),
        ({"code": "some-code", "error": "text of xAI"}, errors.Refused, "text of xAI"),
        ({"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}, errors.Overloaded, "busy"),
        ({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "quota"}}, errors.RateLimited, "quota"),
        ({"error": {"code": 502, "message": "upstream"}, "choices": []}, errors.ServerFailed, "upstream"),
        ({"object": "error", "message": "vLLM"}, errors.Refused, "vLLM"),
        ({"error": {"type": "invalid_request_error", "message": "no"}}, errors.InvalidRequest, "no"),
    ],
)
def test_an_error_object_in_a_stream(value: dict[str, Any], expected: type[ProviderError], says: str) -> None:
    assert refusals.is_error(value)
    error = refusals.from_object(value)
    assert type(error) is expected
    assert says in error.message
    assert error.status is None


@pytest.mark.parametrize("value", [{"error": None, "choices": []}, {"choices": []}, {"usage": {}}, {"error": False}])
def test_what_is_no_error(value: dict[str, Any]) -> None:
    assert not refusals.is_error(value)
