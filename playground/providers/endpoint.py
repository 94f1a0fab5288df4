"""How a model is reached."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Timeouts:
    """In seconds. `first_chunk` and `between_chunks` count content only: comments and keepalives do not reset them.

    `connect` covers DNS, TCP, proxy and TLS; `first_chunk` begins with the attempt; `total` spans the whole run, its
    attempts and the waits between them.
    """

    connect: float = 10.0
    first_chunk: float = 120.0
    between_chunks: float = 60.0
    total: float = 600.0


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When a request is sent again. Only ever before the first chunk.

    The wait before attempt n+1 is `base_delay * 2**(n-1)` s, at most `max_delay`, times a random factor in [0.5, 1];
    a `Retry-After` of at most `retry_after_cap` s is honoured instead, a longer one ends the run with its error.

    `budget`: how many retries an upstream is sent for each request of a run, over the reserve of `retry.Budgets`; None
    for no limit. Without one, an upstream that is down for everybody gets `attempts` times its load.
    """

    attempts: int = 3
    base_delay: float = 0.5
    max_delay: float = 20.0
    retry_after_cap: float = 120.0
    statuses: frozenset[int] = frozenset({408, 409, 429, 500, 502, 503, 504, 529})
    budget: float | None = 0.2


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`base_url` includes its `/v1`. `allow_private` permits loopback and private addresses."""

    dialect: str
    base_url: str
    api_key: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    proxy: str = field(default="", repr=False)
    timeouts: Timeouts = Timeouts()
    retry: RetryPolicy = RetryPolicy()
    allow_private: bool = False
    supports_streaming: bool = True
