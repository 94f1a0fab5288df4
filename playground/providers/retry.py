"""Whether and when a request is sent again."""

import math
import time
from collections.abc import Callable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

from playground.providers.endpoint import RetryPolicy
from playground.providers.errors import ContentFiltered, PromptTooLong, ProviderError, QuotaExceeded

# Waiting does not mend these, whatever their HTTP status.
LASTING = (QuotaExceeded, ContentFiltered, PromptTooLong)


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
