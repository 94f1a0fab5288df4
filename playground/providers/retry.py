"""Whether and when a request is sent again."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

from playground.providers.endpoint import Endpoint, RetryPolicy
from playground.providers.errors import ContentFiltered, PromptTooLong, ProviderError, QuotaExceeded

# Waiting does not mend these, whatever their HTTP status.
LASTING = (QuotaExceeded, ContentFiltered, PromptTooLong)

# What may be retried whatever the share: a handful at once, then one a second, so that a quiet connection always may.
RESERVE: Final = 10.0
RESERVE_PER_S: Final = 1.0
MOST_SAVED: Final = 100.0  # retries that a busy hour can put by
UPSTREAMS: Final = 1000  # of which budgets are kept; the one that was not asked for the longest time is forgotten


def may_retry(error: ProviderError, policy: RetryPolicy) -> bool:
    """Whether `error`, before the first chunk, is worth another attempt. The policy judges an HTTP status."""
    if isinstance(error, LASTING) or (error.retry_after or 0) > policy.retry_after_cap:
        return False
    return error.retryable if error.status is None else error.status in policy.statuses


def delay_before(attempt: int, error: ProviderError, policy: RetryPolicy, random: Callable[[], float]) -> float:
    """Seconds to wait before attempt number `attempt` (2, 3, …) after `error`. `random` gives numbers in [0, 1)."""
    if error.retry_after is not None:
        return error.retry_after
    backoff = min(policy.base_delay * 2.0 ** min(attempt - 2, 32), policy.max_delay)
    return backoff * (0.5 + random() / 2)


def retry_after(headers: Mapping[str, str], now: Callable[[], float] = time.time) -> float | None:
    """Seconds that `Retry-After` (RFC 9110, 10.2.3: seconds or a date) asks for; None if it makes no sense."""
    value = headers.get("retry-after", "").strip()
    try:
        seconds = float(value)
    except ValueError:
        try:
            date = parsedate_to_datetime(value)
        except ValueError:
            return None
        seconds = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now()
    return max(seconds, 0.0) if math.isfinite(seconds) else None


@dataclass(slots=True)
class _Purse:
    saved: float  # retries, over the reserve
    reserve: float
    at: float  # when the reserve was last filled up


class Budgets:
    """How much each upstream may be retried by one process (an `UpstreamClient` has one): a token bucket, as Finagle's.

    Each run puts `policy.budget` of a retry by, each retry takes one out; the reserve fills up with time. So a share of
    retries is allowed that an upstream in trouble can bear, and many runs that fail at once do not multiply its load.
    An upstream is an address with a key, so that connections that share an account share its budget.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._purses: OrderedDict[tuple[str, str], _Purse] = OrderedDict()

    def ask(self, endpoint: Endpoint) -> None:
        """A run sends its first request."""
        purse = self._purse(endpoint)
        purse.saved = min(round(purse.saved + (endpoint.retry.budget or 0.0), 6), MOST_SAVED)  # 5 × 0.2 is 1

    def may_retry(self, endpoint: Endpoint) -> bool:
        """Whether there is a retry left; it is taken."""
        if endpoint.retry.budget is None:
            return True
        purse = self._purse(endpoint)
        if purse.saved >= 1:
            purse.saved -= 1
            return True
        if purse.reserve >= 1:
            purse.reserve -= 1
            return True
        return False

    def _purse(self, endpoint: Endpoint) -> _Purse:
        key, now = (endpoint.base_url, endpoint.api_key), self._now()
        purse = self._purses.setdefault(key, _Purse(0.0, RESERVE, now))
        self._purses.move_to_end(key)
        purse.reserve = min(RESERVE, purse.reserve + (now - purse.at) * RESERVE_PER_S)
        purse.at = now
        if len(self._purses) > UPSTREAMS:
            self._purses.popitem(last=False)
        return purse
