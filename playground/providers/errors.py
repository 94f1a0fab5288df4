"""What can go wrong between us and a model.

ProviderError                         code, message, retryable, HTTP status, retry_after
├── BadConnection                     the connection's own settings are wrong; nothing was sent
│   ├── InvalidBaseURL                invalid_base_url
│   ├── InvalidHeader                 invalid_header
│   ├── InvalidProxy                  invalid_proxy
│   ├── UnknownDialect                unknown_dialect
│   ├── PrivateAddressRefused         private_address
│   ├── BadRunnable                   invalid_runnable: there is none of its name, or it is none
│   └── LangChainMissing              langchain_missing: the optional extra is not installed
├── NotConnected                      not_connected: no answer began
│   ├── ConnectionRefused             connection_refused
│   ├── NameNotResolved               name_not_resolved
│   ├── HostUnreachable               host_unreachable
│   ├── ConnectionReset               connection_reset: closed before the answer began
│   ├── TLSFailed                     tls_failed
│   └── ProxyFailed                   proxy_failed
├── TimedOut
│   ├── ConnectTimeout                connect_timeout
│   ├── FirstChunkTimeout             first_chunk_timeout
│   ├── BetweenChunksTimeout          between_chunks_timeout
│   └── TotalTimeout                  total_timeout
├── Refused                           refused: the provider answered with an error, by HTTP status or in the stream
│   ├── RedirectRefused       3xx     redirect_refused
│   ├── InvalidRequest        4xx     invalid_request
│   ├── NotAuthenticated      401     not_authenticated
│   ├── NotPermitted          403     not_permitted
│   ├── ModelNotFound         404     model_not_found
│   ├── PromptTooLong         413     prompt_too_long (also a 400 that says so)
│   ├── RateLimited           429     rate_limited
│   ├── QuotaExceeded         402 429 quota_exceeded
│   ├── ServerFailed          5xx     server_failed
│   ├── Overloaded            503 529 overloaded
│   └── ContentFiltered               content_filter: ends a run as `filtered`
├── BadAnswer                         the bytes are not what the dialect promises
│   ├── NotHTTP                       not_http
│   ├── NotAModelAnswer               not_a_model_answer: HTML or plain text with a 200
│   ├── MalformedAnswer               malformed_answer: broken JSON, or JSON of another shape
│   ├── UnsupportedEncoding           unsupported_encoding: a content-coding we did not ask for
│   └── TooLong                       too_long: a line, an event or a whole answer past 16 MB
├── RunnableFailed                    runnable_failed: a LangChain Runnable raised an error
└── Truncated                         the answer began and did not end; ends a run as `truncated`
    ├── ConnectionLost                connection_lost
    └── NoEndMarker                   no_end_marker

Errors of the transport are turned into these in `providers.transport`, error answers in `providers.refusals`.
A message is one sentence for a person. It never holds an API key or a header.
"""

from typing import ClassVar, Self

from playground.recording.status import RunStatus


class ProviderError(Exception):
    """`retryable`: the same request may succeed later. `retry_after`: seconds that the provider asked us to wait.

    `early` and `late` take the place of the message where no chunk had come, and where one had: only then is there
    something to continue. "" where the message fits both.
    """

    code: ClassVar[str] = "provider_error"
    ends_as: ClassVar[RunStatus] = RunStatus.FAILED
    retryable: bool = False

    def __init__(self, message: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after
        self.param: str | None = None  # the field of the request that the provider says is wrong
        self.early = self.late = ""

    def told(self, *, early: str = "", late: str = "") -> Self:
        """With other words for what came before the first chunk, or after it."""
        self.early, self.late = early, late
        return self

    @property
    def message(self) -> str:
        return str(self.args[0])

    @message.setter
    def message(self, message: str) -> None:
        self.args = (message,)  # so that no text of the exception keeps what was taken out of its message


class BadConnection(ProviderError):
    code = "bad_connection"


class InvalidBaseURL(BadConnection):
    code = "invalid_base_url"


class InvalidHeader(BadConnection):
    code = "invalid_header"


class InvalidProxy(BadConnection):
    code = "invalid_proxy"


class UnknownDialect(BadConnection):
    code = "unknown_dialect"


class PrivateAddressRefused(BadConnection):
    code = "private_address"


class BadRunnable(BadConnection):
    code = "invalid_runnable"


class LangChainMissing(BadConnection):
    code = "langchain_missing"


class NotConnected(ProviderError):
    code = "not_connected"
    retryable = True


class ConnectionRefused(NotConnected):
    code = "connection_refused"


class NameNotResolved(NotConnected):
    """Not retryable, except when the resolver itself calls the failure temporary."""

    code = "name_not_resolved"

    def __init__(self, message: str, *, temporary: bool = False) -> None:
        super().__init__(message)
        self.retryable = temporary


class HostUnreachable(NotConnected):
    code = "host_unreachable"


class ConnectionReset(NotConnected):
    code = "connection_reset"


class TLSFailed(NotConnected):
    code = "tls_failed"
    retryable = False


class ProxyFailed(NotConnected):
    code = "proxy_failed"


class TimedOut(ProviderError):
    code = "timed_out"


class ConnectTimeout(TimedOut):
    code = "connect_timeout"
    retryable = True


class FirstChunkTimeout(TimedOut):
    code = "first_chunk_timeout"


class BetweenChunksTimeout(TimedOut):
    code = "between_chunks_timeout"


class TotalTimeout(TimedOut):
    code = "total_timeout"


class Refused(ProviderError):
    code = "refused"


class RedirectRefused(Refused):
    code = "redirect_refused"


class InvalidRequest(Refused):
    code = "invalid_request"


class NotAuthenticated(Refused):
    code = "not_authenticated"


class NotPermitted(Refused):
    code = "not_permitted"


class ModelNotFound(Refused):
    code = "model_not_found"


class PromptTooLong(Refused):
    code = "prompt_too_long"


class RateLimited(Refused):
    code = "rate_limited"
    retryable = True


class QuotaExceeded(Refused):
    code = "quota_exceeded"


class ServerFailed(Refused):
    code = "server_failed"
    retryable = True


class Overloaded(Refused):
    code = "overloaded"
    retryable = True


class ContentFiltered(Refused):
    code = "content_filter"
    ends_as = RunStatus.FILTERED


class BadAnswer(ProviderError):
    code = "bad_answer"


class NotHTTP(BadAnswer):
    code = "not_http"


class NotAModelAnswer(BadAnswer):
    code = "not_a_model_answer"


class MalformedAnswer(BadAnswer):
    code = "malformed_answer"


class UnsupportedEncoding(BadAnswer):
    code = "unsupported_encoding"


class TooLong(BadAnswer):
    code = "too_long"


class RunnableFailed(ProviderError):
    code = "runnable_failed"


class Truncated(ProviderError):
    """Retryable only while no chunk has come: the driver never retries after one."""

    code = "truncated"
    ends_as = RunStatus.TRUNCATED
    retryable = True


class ConnectionLost(Truncated):
    code = "connection_lost"


class NoEndMarker(Truncated):
    code = "no_end_marker"
