"""Whether and when a request is sent again."""

import pytest

from playground.providers import errors
from playground.providers.endpoint import RetryPolicy
from playground.providers.retry import delay_before, may_retry, retry_after

POLICY = RetryPolicy()


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 529])
def test_a_status_of_the_policy_is_retried(status: int) -> None:
    assert may_retry(errors.Refused("x", status=status), POLICY)


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 413, 501])
def test_another_status_is_not(status: int) -> None:
    assert not may_retry(errors.ServerFailed("x", status=status), POLICY)


def test_the_policy_decides_which_statuses() -> None:
    assert may_retry(errors.ModelNotFound("x", status=404), RetryPolicy(statuses=frozenset({404})))


def test_a_used_up_quota_is_not_retried_although_its_status_is_429() -> None:
    assert not may_retry(errors.QuotaExceeded("x", status=429), POLICY)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (errors.ConnectionRefused("x"), True),
        (errors.ConnectionReset("x"), True),
        (errors.ConnectTimeout("x"), True),
        (errors.ConnectionLost("x"), True),
        (errors.NameNotResolved("x"), False),
        (errors.TLSFailed("x"), False),
        (errors.FirstChunkTimeout("x"), False),
        (errors.MalformedAnswer("x"), False),
        (errors.Overloaded("x"), True),
        (errors.Refused("x"), False),
    ],
)
def test_without_a_status_the_error_decides(error: errors.ProviderError, expected: bool) -> None:
    assert may_retry(error, POLICY) is expected


def test_the_wait_doubles_up_to_a_limit_with_half_of_it_left_to_chance() -> None:
    error = errors.ConnectionRefused("x")
    most = [delay_before(attempt, error, POLICY, lambda: 1.0) for attempt in range(2, 10)]
    assert most == [0.5, 1, 2, 4, 8, 16, 20, 20]
    assert delay_before(2, error, POLICY, lambda: 0.0) == 0.25
    assert delay_before(10_000, error, POLICY, lambda: 1.0) == 20


def test_retry_after_goes_first_and_past_its_cap_ends_the_run() -> None:
    short = errors.RateLimited("x", status=429, retry_after=7)
    long = errors.RateLimited("x", status=429, retry_after=121)
    assert may_retry(short, POLICY)
    assert delay_before(2, short, POLICY, lambda: 0.0) == 7
    assert not may_retry(long, POLICY)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("5", 5),
        (" 1.5 ", 1.5),
        ("0", 0),
        ("-3", 0),
        ("1e12", 1e12),
        ("Thu, 01 Jan 2026 00:00:30 GMT", 30),
        ("Thu, 01 Jan 2026 00:00:30 -0000", 30),
        ("Wed, 31 Dec 2025 23:59:00 GMT", 0),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_in_seconds_or_as_a_date(value: str, expected: float | None) -> None:
    assert retry_after({"retry-after": value}, now=lambda: 1_767_225_600.0) == expected
