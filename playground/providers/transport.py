"""`httpx-aiohttp`, put right: no connection limit, no cookies, URLs sent as given, and errors told apart.

With `providers.http`, the only module that knows httpx and aiohttp. The transport reports refused, reset and DNS errors
all as `httpx.ConnectTimeout`, so errors are judged by their cause; and when a connection breaks, aiohttp drops what it
has read and not yet given out.
"""

import asyncio
import errno
import socket
import ssl
import warnings
from typing import Any, Final, Self

import aiohttp
import httpx
import yarl
from aiohttp.http_exceptions import HttpProcessingError
from httpx_aiohttp import AiohttpTransport

from playground.providers import errors
from playground.providers.addresses import PrivateAddress, public_socket
from playground.providers.errors import ProviderError

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
    errors.ConnectTimeout: "{host} did not take a connection in time: check the base URL and the network.",
    errors.PrivateAddressRefused: "{host} has a private address: allow private addresses for the connection if meant.",
    errors.InvalidBaseURL: "The base URL is not one that can be asked: write it like https://api.example.com/v1.",
    errors.RedirectRefused: "{host} answered with redirects: put the final address into the base URL.",
    errors.NotHTTP: "{host} does not speak HTTP: check the scheme and the port of the base URL.",
    errors.MalformedAnswer: "{host} sent an answer that cannot be decoded: check what stands between it and us.",
    errors.ConnectionLost: "The connection to {host} was lost in mid-answer: what came is kept; try again.",
}


def from_transport(error: Exception, host: str, *, answering: bool = False) -> ProviderError:
    """What one of `TRANSPORT_ERRORS` means. `answering`: the headers had come."""
    cause = error.__cause__ if isinstance(error, httpx.HTTPError) and error.__cause__ is not None else error
    kind = errors.ConnectionLost if answering else _kind(cause)
    found = kind(SENTENCES[kind].format(host=host))
    if isinstance(cause, aiohttp.ClientHttpProxyError):
        found.message = f"The proxy answered HTTP {cause.status} for {host}: check the proxy of the connection."
        found.retryable = cause.status >= 500
    elif isinstance(found, errors.NameNotResolved):
        found.retryable = _errno(cause) == socket.EAI_AGAIN
    return found


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
    """The body of an answer: iterating gives what each network read gave. Raises ConnectionLost."""

    def __init__(self, response: aiohttp.ClientResponse, host: str) -> None:
        self._response = response
        self._content = response.content
        self._host = host
        self._full = False
        protocol = response.connection.protocol if response.connection is not None else None
        self._closed = protocol.closed if protocol is not None else None
        if self._closed is not None:
            self._closed.add_done_callback(self._lost)

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
            raise from_transport(error, host) from error
        incoming: aiohttp.ClientResponse = response.stream._aiohttp_response  # type: ignore[union-attr]  # noqa: SLF001
        response.extensions["body"] = Body(incoming, host)
        return response
