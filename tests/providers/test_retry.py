"""Whether and when a request is sent again."""

import pytest

from playground.providers import errors
from playground.providers.endpoint import Endpoint, RetryPolicy
from playground.providers.retry import RESERVE, UPSTREAMS, Budgets, delay_before, may_retry, retry_after

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


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def endpoint(url: str = "https://models.example/v1", key: str = "", budget: float | None = 0.2) -> Endpoint:
    return Endpoint("openai-chat", url, key, retry=RetryPolicy(budget=budget))


def spend(budgets: Budgets, on: Endpoint) -> int:
    """How many retries are left; they are taken."""
    count = 0
    while budgets.may_retry(on):
        count += 1
    return count


def test_a_share_of_the_requests_may_be_retried_and_a_reserve_beside_it() -> None:
    clock, one = Clock(), endpoint()
    budgets = Budgets(clock)
    assert spend(budgets, one) == RESERVE
    for _ in range(50):
        budgets.ask(one)
    assert spend(budgets, one) == 10
    clock.now += 3
    assert spend(budgets, one) == 3
    clock.now += 3600
    assert spend(budgets, one) == RESERVE


def test_upstreams_have_budgets_of_their_own_by_address_and_key() -> None:
    budgets = Budgets(Clock())
    assert spend(budgets, endpoint()) == RESERVE
    assert spend(budgets, endpoint(key="another")) == RESERVE
    assert spend(budgets, endpoint("https://other.example/v1")) == RESERVE
    assert spend(budgets, endpoint()) == 0


def test_without_a_budget_there_is_no_limit() -> None:
    budgets, free = Budgets(Clock()), endpoint(budget=None)
    assert all(budgets.may_retry(free) for _ in range(1000))


def test_budgets_are_kept_of_so_many_upstreams_and_no_more() -> None:
    budgets = Budgets(Clock())
    assert spend(budgets, endpoint()) == RESERVE
    for number in range(UPSTREAMS):
        budgets.ask(endpoint(key=str(number)))
    assert spend(budgets, endpoint()) == RESERVE  # it was forgotten
