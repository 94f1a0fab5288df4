"""`httpx-aiohttp`, put right: no connection limit, no cookies, URLs sent as given, and errors told apart.

With `providers.http`, the only module that knows httpx and aiohttp. The transport reports refused, reset and DNS errors
all as `httpx.ConnectTimeout`, so errors are judged by their cause; and when a connection breaks, aiohttp drops what it
has read and not yet given out.
"""

import asyncio
import contextvars
import errno
import socket
import ssl
import warnings
from collections.abc import Callable
from typing import Any, Final, Self

import aiohttp
import yarl
from aiohttp.http_exceptions import HttpProcessingError

from playground.providers import errors
from playground.providers.addresses import PrivateAddress, public_socket
from playground.providers.errors import ProviderError
from playground.providers.light_httpx import AiohttpTransport, httpx

READ_SIZE: Final = 16 * 1024  # one read's parsing must not keep the event loop for more than about a millisecond

# What the two libraries raise. aiohttp lets some errors of its HTTP parser and of the socket through.
TRANSPORT_ERRORS: Final = (
    httpx.HTTPError,
    httpx.InvalidURL,
    httpx.StreamError,
    aiohttp.ClientError,
    HttpProcessingError,
    TimeoutError,
    OSError,
)

# The first that fits: a class stands before its bases.
KINDS: Final[tuple[tuple[type[Exception], type[ProviderError]], ...]] = (
    (aiohttp.ClientConnectorCertificateError, errors.TLSFailed),
    (aiohttp.ClientSSLError, errors.TLSFailed),
    (aiohttp.ServerFingerprintMismatch, errors.TLSFailed),
    (ssl.SSLError, errors.TLSFailed),
    (aiohttp.ClientConnectorDNSError, errors.NameNotResolved),
    (aiohttp.ClientProxyConnectionError, errors.ProxyFailed),
    (aiohttp.ClientHttpProxyError, errors.ProxyFailed),
    (aiohttp.ServerTimeoutError, errors.ConnectTimeout),
    (aiohttp.ClientConnectorError, errors.NotConnected),  # by its errno, see ERRNOS
    (aiohttp.ClientConnectionError, errors.ConnectionReset),
    (aiohttp.ClientPayloadError, errors.ConnectionLost),
    (aiohttp.UploadAbortedError, errors.ConnectionReset),
    (aiohttp.InvalidURL, errors.InvalidBaseURL),
    (aiohttp.NonHttpUrlClientError, errors.InvalidBaseURL),
    (aiohttp.RedirectClientError, errors.RedirectRefused),
    (aiohttp.TooManyRedirects, errors.RedirectRefused),
    (aiohttp.ClientResponseError, errors.NotHTTP),
    (HttpProcessingError, errors.NotHTTP),
    (httpx.TimeoutException, errors.ConnectTimeout),
    (httpx.ProxyError, errors.ProxyFailed),
    (httpx.UnsupportedProtocol, errors.InvalidBaseURL),
    (httpx.InvalidURL, errors.InvalidBaseURL),
    (httpx.ConnectError, errors.NotConnected),
    (httpx.NetworkError, errors.ConnectionReset),
    (httpx.RemoteProtocolError, errors.NotHTTP),
    (httpx.DecodingError, errors.MalformedAnswer),
    (httpx.TooManyRedirects, errors.RedirectRefused),
    (TimeoutError, errors.ConnectTimeout),
    (OSError, errors.ConnectionReset),
)
ERRNOS: Final[dict[int | None, type[ProviderError]]] = {
    errno.ECONNREFUSED: errors.ConnectionRefused,
    errno.ECONNRESET: errors.ConnectionReset,
    errno.EPIPE: errors.ConnectionReset,
    errno.ENETUNREACH: errors.HostUnreachable,
    errno.EHOSTUNREACH: errors.HostUnreachable,
    errno.ENETDOWN: errors.HostUnreachable,
    errno.EADDRNOTAVAIL: errors.HostUnreachable,
    errno.ETIMEDOUT: errors.ConnectTimeout,
}
SENTENCES: Final[dict[type[ProviderError], str]] = {
    errors.NotConnected: "{host} could not be reached: check the base URL and the network.",
    errors.ConnectionRefused: "{host} refused the connection: check that it is running, and the port in the base URL.",
    errors.NameNotResolved: "The name of {host} was not found: check the spelling of the base URL, and the network.",
    errors.HostUnreachable: "There is no way to {host} from here: check the base URL and the network.",
    errors.ConnectionReset: "{host} closed the connection before it answered: try again, or look into its log.",
    errors.TLSFailed: "There is no secure way to {host}: check its certificate, or whether the base URL means http://.",
    errors.ProxyFailed: "The proxy did not connect us with {host}: check the proxy of the connection.",
    errors.ConnectTimeout: (
        "{host} took no connection within the connect timeout{limit}: check the base URL, or raise the timeout."
    ),
    errors.PrivateAddressRefused: "{host} has a private address: allow private addresses for the connection if meant.",
    errors.InvalidBaseURL: "The base URL is not one that can be asked: write it like https://api.example.com/v1.",
    errors.RedirectRefused: "{host} answered with redirects: put the final address into the base URL.",
    errors.NotHTTP: "{host} does not speak HTTP: check the scheme and the port of the base URL.",
    errors.MalformedAnswer: "{host} sent an answer that cannot be decoded: check what stands between it and us.",
    errors.ConnectionLost: "The connection to {host} was lost in mid-answer: what came is kept; continue or retry it.",
}

LOST_EARLY: Final = "The connection to {host} was lost before the answer began: retry it."


def from_transport(
    error: Exception, host: str, *, answering: bool = False, connect_s: float | None = None
) -> ProviderError:
    """What one of `TRANSPORT_ERRORS` means. `answering`: the headers had come. `connect_s`: the connect timeout."""
    cause = error.__cause__ if isinstance(error, httpx.HTTPError) and error.__cause__ is not None else error
    kind = errors.ConnectionLost if answering else _kind(cause)
    limit = f" of {connect_s:g} s" if connect_s is not None else ""
    found = kind(SENTENCES[kind].format(host=host, limit=limit))
    if isinstance(cause, aiohttp.ClientHttpProxyError):
        found.message = f"The proxy answered HTTP {cause.status} for {host}: check the proxy of the connection."
        found.retryable = cause.status >= 500
    elif isinstance(found, errors.NameNotResolved):
        found.retryable = _errno(cause) == socket.EAI_AGAIN
    return found.told(early=LOST_EARLY.format(host=host)) if answering else found


def _kind(cause: BaseException) -> type[ProviderError]:
    if isinstance(getattr(cause, "os_error", None), PrivateAddress):
        return errors.PrivateAddressRefused
    for source, kind in KINDS:
        if isinstance(cause, source):
            return ERRNOS.get(_errno(cause), kind) if kind is errors.NotConnected else kind
    return errors.NotConnected


def _errno(cause: BaseException) -> int | None:
    return getattr(getattr(cause, "os_error", cause), "errno", None)


class Body:
    """The body of an answer: iterating gives what each network read gave. Raises ConnectionLost.

    `pump` gives the same, for about half of the CPU.
    """

    def __init__(self, response: aiohttp.ClientResponse, host: str) -> None:
        self._response = response
        self._content = response.content
        self._host = host
        self._full = False
        protocol = response.connection.protocol if response.connection is not None else None
        self._closed = protocol.closed if protocol is not None else None
        if self._closed is not None:
            self._closed.add_done_callback(self._lost)

    async def pump(self, take: Callable[[bytes], bool]) -> None:
        """Give `take` what each network read gave, until it has enough and says so, or until the body has ended.

        It is called from the event loop, in the context of the caller, whose task wakes only at the end. Raises
        ConnectionLost, and what `take` raises.
        """
        pump = _Pump(self._content, take)
        try:
            await pump.run()
        except TRANSPORT_ERRORS as error:
            raise from_transport(error, self._host, answering=True) from error

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if self._full:  # more is waiting: give the other streams their turn
            await asyncio.sleep(0)
        try:
            raw = await self._content.read(READ_SIZE)
        except TRANSPORT_ERRORS as error:
            raw = self._content._read_nowait(-1)  # noqa: SLF001  (read() will not give out what it still holds)
            if not raw:
                raise from_transport(error, self._host, answering=True) from error
        if not raw:
            raise StopAsyncIteration
        self._full = len(raw) >= READ_SIZE
        return raw

    def close(self) -> None:
        """Give the connection back if the body has ended; close its socket at once if not, without a TLS farewell."""
        if self._closed is not None:  # it lives on with the connection, whose end may be an error that no one awaits
            self._closed.remove_done_callback(self._lost)
            self._closed.remove_done_callback(_retrieve)
            self._closed.add_done_callback(_retrieve)
        connection = self._response.connection
        if connection is not None and connection.transport is not None and not self._content.is_eof():
            connection.transport.abort()
        self._response.close()

    def _lost(self, closed: "asyncio.Future[None]") -> None:
        """aiohttp closes the connection on broken chunking, and leaves whoever reads the body waiting for ever."""
        _retrieve(closed)
        if not self._content.is_eof() and self._content.exception() is None:
            self._content.set_exception(aiohttp.ClientPayloadError("closed in mid-body"))


class _Pump:
    """Stands where aiohttp's StreamReader keeps the future of a task that waits for it: told that there is more, it
    reads on the next turn of the loop, when the reader has all of the network read. A future, a task's turn and the
    coroutines that lead to the reader cost as much as parsing a token; so does to resume, after each read, what was not
    paused.
    """

    __slots__ = ("_content", "_context", "_ended", "_loop", "_take")

    def __init__(self, content: Any, take: Callable[[bytes], bool]) -> None:
        self._content = content
        self._take = take
        self._loop = asyncio.get_running_loop()
        self._context = contextvars.copy_context()
        self._ended: asyncio.Future[None] = self._loop.create_future()

    async def run(self) -> None:
        content = self._content
        if content.at_eof():  # an empty body is a reader in name only
            return
        content._low_water = 0  # noqa: SLF001  (`_read` resumes; a later read() sets it anew)
        self._read()
        try:
            await self._ended
        finally:
            if content._waiter is self:  # noqa: SLF001
                content._waiter = None  # noqa: SLF001

    # What the reader asks of its waiter:

    def done(self) -> bool:
        return False

    def set_result(self, _: None) -> None:
        self._loop.call_soon(self._read, context=self._context)

    def set_exception(self, _: BaseException) -> None:
        self._loop.call_soon(self._read, context=self._context)

    def _read(self) -> None:
        """Hand on what there is, and wait for more."""
        if self._ended.done():
            return
        try:
            if self._is_over():
                self._ended.set_result(None)
        except Exception as error:  # noqa: BLE001  (it belongs to the task that waits)
            self._ended.set_exception(error)

    def _is_over(self) -> bool:
        content = self._content
        raw = content._read_nowait(READ_SIZE)  # noqa: SLF001  (the public ones do not give out what came before an error)
        if raw and self._take(raw):
            return True
        if len(raw) >= READ_SIZE:  # more is waiting: give the other streams their turn
            self.set_result(None)
            return False
        if (error := content.exception()) is not None:
            raise error
        if content.is_eof():
            return True
        content._waiter = self  # noqa: SLF001
        protocol = content._protocol  # noqa: SLF001
        if protocol._reading_paused:  # noqa: SLF001
            protocol.resume_reading()
        return False


def _retrieve(closed: "asyncio.Future[None]") -> None:
    if not closed.cancelled():
        closed.exception()


with warnings.catch_warnings():
    # aiohttp discourages subclasses; the transport has no other place to say that a URL is encoded already.
    warnings.simplefilter("ignore", DeprecationWarning)

    class _Session(aiohttp.ClientSession):
        """Sends a URL as it is given: aiohttp would turn `%2F` in a query into `/`."""

        def request(self, method: str, url: Any, **options: Any) -> Any:
            return super().request(method, yarl.URL(url, encoded=True), **options)


class Transport(AiohttpTransport):
    """Raises ProviderErrors. A response has its `Body` among its extensions; its own stream is not to be read."""

    def __init__(self, proxy: httpx.Proxy | None, context: ssl.SSLContext, *, allow_private: bool) -> None:
        super().__init__(verify=context, proxy=proxy, client=self._session)
        self._allow_private = allow_private

    def _session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=0, ssl=self.ssl_context, socket_factory=None if self._allow_private else public_socket
        )
        cookies = aiohttp.DummyCookieJar()
        return _Session(connector=connector, cookie_jar=cookies, skip_auto_headers=["Content-Type", "User-Agent"])

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.netloc.decode("ascii")
        try:
            response = await super().handle_async_request(request)
        except TRANSPORT_ERRORS as error:
            seconds = request.extensions.get("timeout", {}).get("connect")
            raise from_transport(error, host, connect_s=seconds) from error
        incoming: aiohttp.ClientResponse = response.stream._aiohttp_response  # type: ignore[union-attr]  # noqa: SLF001
        response.extensions["body"] = Body(incoming, host)
        return response
