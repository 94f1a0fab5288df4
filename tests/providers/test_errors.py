"""The error tree, and that every error of the transport has its place in it."""

import errno
import inspect
import socket
import ssl

import aiohttp
import aiohttp.http_exceptions
import httpx
import pytest
from aiohttp.client_reqrep import ConnectionKey
from yarl import URL

from playground.providers import errors
from playground.providers.addresses import PrivateAddress
from playground.providers.errors import ProviderError
from playground.providers.transport import KINDS, SENTENCES, TRANSPORT_ERRORS, from_transport


def classes(module: object, root: type[BaseException] | tuple[type[BaseException], ...]) -> list[type[BaseException]]:
    return [value for _, value in inspect.getmembers(module, inspect.isclass) if issubclass(value, root)]


TREE = [kind for kind in classes(errors, ProviderError) if kind is not ProviderError]
KEY = ConnectionKey("api.example.com", 443, True, True, None, None, None)
INFO = aiohttp.RequestInfo(URL("https://api.example.com"), "POST", httpx.Headers(), URL("https://api.example.com"))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", TREE)
def test_every_error_has_its_own_code_and_a_line_in_the_drawing(kind: type[ProviderError]) -> None:
    assert "code" in vars(kind)
    assert kind.code == kind.code.lower()
    assert [other.code for other in TREE].count(kind.code) == 1
    assert kind.__name__ in (errors.__doc__ or "")


@pytest.mark.parametrize(
    "raised",
    [
        *classes(aiohttp, aiohttp.ClientError),
        *classes(aiohttp.http_exceptions, aiohttp.http_exceptions.HttpProcessingError),
    ],
)
def test_every_error_of_aiohttp_is_caught_and_mapped(raised: type[BaseException]) -> None:
    assert issubclass(raised, TRANSPORT_ERRORS)
    if raised not in (aiohttp.ClientError, aiohttp.WSMessageTypeError):  # the root, and WebSockets' own
        assert any(issubclass(raised, source) for source, _ in KINDS)


@pytest.mark.parametrize(
    "raised", [*classes(httpx, httpx.HTTPError), *classes(httpx, httpx.StreamError), httpx.InvalidURL]
)
def test_every_error_of_httpx_is_caught(raised: type[BaseException]) -> None:
    assert issubclass(raised, TRANSPORT_ERRORS)


def test_every_kind_has_a_sentence() -> None:
    assert {kind for _, kind in KINDS} <= set(SENTENCES)


@pytest.mark.parametrize(
    ("cause", "expected", "retryable"),
    [
        (aiohttp.ClientConnectorError(KEY, OSError(errno.ECONNREFUSED, "no")), errors.ConnectionRefused, True),
        (aiohttp.ClientConnectorError(KEY, OSError(errno.EHOSTUNREACH, "no")), errors.HostUnreachable, True),
        (aiohttp.ClientConnectorError(KEY, OSError(errno.ETIMEDOUT, "no")), errors.ConnectTimeout, True),
        (aiohttp.ClientConnectorError(KEY, OSError(9999, "no")), errors.NotConnected, True),
        (aiohttp.ClientConnectorError(KEY, PrivateAddress()), errors.PrivateAddressRefused, False),
        (aiohttp.ClientConnectorDNSError(KEY, OSError(socket.EAI_NONAME, "no")), errors.NameNotResolved, False),
        (aiohttp.ClientConnectorDNSError(KEY, OSError(socket.EAI_AGAIN, "no")), errors.NameNotResolved, True),
        (aiohttp.ClientConnectorSSLError(KEY, ssl.SSLError(1, "no")), errors.TLSFailed, False),
        (aiohttp.ClientProxyConnectionError(KEY, OSError(errno.ECONNREFUSED, "no")), errors.ProxyFailed, True),
        (aiohttp.ClientHttpProxyError(INFO, (), status=407), errors.ProxyFailed, False),
        (aiohttp.ClientHttpProxyError(INFO, (), status=502), errors.ProxyFailed, True),
        (aiohttp.ConnectionTimeoutError(), errors.ConnectTimeout, True),
        (aiohttp.ServerDisconnectedError(), errors.ConnectionReset, True),
        (aiohttp.ClientOSError(errno.ECONNRESET, "no"), errors.ConnectionReset, True),
        (aiohttp.ClientResponseError(INFO, (), status=400), errors.NotHTTP, False),
        (aiohttp.ClientPayloadError("no"), errors.ConnectionLost, True),
    ],
)
def test_an_error_is_judged_by_its_cause(cause: Exception, expected: type[ProviderError], retryable: bool) -> None:
    wrapped = httpx.ConnectTimeout("what the transport makes of nearly everything")
    wrapped.__cause__ = cause
    found = from_transport(wrapped, "api.example.com")
    assert type(found) is expected
    assert found.retryable is retryable
    assert found.message.endswith(".")
    assert type(from_transport(cause, "api.example.com")) is expected


def test_after_the_headers_every_error_is_a_lost_connection() -> None:
    found = from_transport(aiohttp.ClientOSError(errno.ECONNRESET, "no"), "api.example.com", answering=True)
    assert type(found) is errors.ConnectionLost
