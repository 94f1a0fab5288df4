"""The HTTP client for upstreams.

httpx's own transport costs about 230 µs of CPU per token read, its API over aiohttp 85, so requests go through
`httpx-aiohttp` and bodies are read from aiohttp's stream. Nothing else in the project talks to an upstream.
"""

import asyncio
import base64
import re
import ssl
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Final, Self

from playground.providers import errors
from playground.providers.addresses import names_private
from playground.providers.dialects.base import HttpRequest
from playground.providers.endpoint import Endpoint
from playground.providers.light_httpx import httpx
from playground.providers.retry import Budgets
from playground.providers.transport import SENTENCES, Body, Transport

_DEFAULT_HEADERS: Final = {
    "accept": "application/json, text/event-stream",
    "accept-encoding": "identity",
    "user-agent": "streaming-playground",
}
# How the request is framed, and where it goes, is ours to say.
_OUR_HEADERS: Final = frozenset({"connection", "content-length", "host", "te", "transfer-encoding", "upgrade"})
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE: Final = re.compile(r"[\t\x20-\x7e]*")


class UpstreamResponse:
    """An answer whose body is being read. `encoding`: its content-coding; gzip and deflate are decoded as they come."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.headers = response.headers
        self.encoding = response.headers.get("content-encoding", "").strip().lower() or "identity"
        self._source: Body = response.extensions["body"]
        self._body: AsyncIterator[bytes] | None = None

    def aiter_raw(self) -> AsyncIterator[bytes]:
        """What each network read gave. Raises ConnectionLost, MalformedAnswer, UnsupportedEncoding."""
        if self._body is None:
            self._body = self._source if self.encoding == "identity" else _Inflated(self._source, self.encoding)
        return self._body

    async def pump(self, take: Callable[[bytes], bool]) -> None:
        """Give `take` the same, until it has enough, for less CPU. Raises the same, and what `take` raises."""
        body = self.aiter_raw()
        if isinstance(body, Body):
            await body.pump(take)
            return
        async for raw in body:
            if take(raw):
                return

    async def read(self, limit: int, seconds: float) -> bytes:
        """The body; of a longer, slower or broken one what came first. Raises MalformedAnswer, UnsupportedEncoding."""
        return await self._start_of(self.aiter_raw(), limit, seconds)

    async def read_encoded(self, limit: int, seconds: float) -> bytes:
        """The same as it came, whatever its content-coding is."""
        return await self._start_of(self._source, limit, seconds)

    @staticmethod
    async def _start_of(source: AsyncIterator[bytes], limit: int, seconds: float) -> bytes:
        body = b""
        try:
            async with asyncio.timeout(seconds):
                async for raw in source:
                    body += raw
                    if len(body) >= limit:
                        break
        except (TimeoutError, errors.ConnectionLost):
            pass
        return body


class UpstreamClient:
    """One per event loop: `async with UpstreamClient() as http:`. `ssl_context`: which certificates to trust.

    `budgets`: how much the upstreams may still be retried.
    """

    def __init__(self, *, ssl_context: ssl.SSLContext | None = None) -> None:
        self.budgets = Budgets()
        self._ssl_context = ssl_context
        self._clients: dict[tuple[str, bool], httpx.AsyncClient] = {}

    async def __aenter__(self) -> Self:
        if self._ssl_context is None:  # reading the certificates takes tens of milliseconds
            self._ssl_context = await asyncio.to_thread(httpx.create_ssl_context)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        while self._clients:
            _, client = self._clients.popitem()
            await client.aclose()

    @asynccontextmanager
    async def stream(self, request: HttpRequest, endpoint: Endpoint) -> AsyncIterator[UpstreamResponse]:
        """Send `request`. The HTTP status is not judged here. Leaving the context closes the upstream's socket.

        Raises BadConnection, NotConnected, ConnectTimeout, NotHTTP.
        """
        outgoing = _outgoing(request, endpoint)
        response = await self._client(endpoint).send(outgoing, stream=True)
        try:
            yield UpstreamResponse(response)
        finally:
            response.extensions["body"].close()

    def _client(self, endpoint: Endpoint) -> httpx.AsyncClient:
        if self._ssl_context is None:
            raise RuntimeError("UpstreamClient is used outside its context")
        key = (endpoint.proxy, endpoint.allow_private)
        if key not in self._clients:
            self._clients[key] = httpx.AsyncClient(
                transport=Transport(_proxy(endpoint.proxy), self._ssl_context, allow_private=endpoint.allow_private),
                trust_env=False,
                follow_redirects=False,
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            )
        return self._clients[key]


def _outgoing(request: HttpRequest, endpoint: Endpoint) -> httpx.Request:
    url = upstream_url(endpoint.base_url, request.path)
    proxy = _proxy(endpoint.proxy)
    if proxy is not None and not endpoint.allow_private and names_private(url.host):
        raise errors.PrivateAddressRefused(SENTENCES[errors.PrivateAddressRefused].format(host=url.host))
    headers = _headers(request, endpoint)
    if proxy is not None and url.scheme == "http":  # where there is no tunnel, the transport leaves them out
        headers.update(proxy.headers)
    seconds = endpoint.timeouts.connect
    # The transport takes `pool` for the whole way to a connection: DNS, TCP, proxy and TLS. Reads have no timeout here:
    # the driver's timers tell content from keepalives.
    timeout = {"connect": seconds, "pool": seconds, "read": None, "write": None}
    return httpx.Request(request.method, url, headers=headers, content=request.body, extensions={"timeout": timeout})


def upstream_url(base_url: str, path: str) -> httpx.URL:
    """`path` below `base_url`, whose query (Azure's `api-version`) stays, after `path`'s own. Raises InvalidBaseURL."""
    try:
        url = httpx.URL(base_url)
        raw_path, _, query = url.raw_path.partition(b"?")
        path, _, own_query = path.partition("?")
        raw_path = raw_path.rstrip(b"/") + path.encode("ascii")
        query = b"&".join(filter(None, (own_query.encode("ascii"), query)))
        url = url.copy_with(raw_path=raw_path + b"?" + query if query else raw_path, fragment=None)
    except (httpx.InvalidURL, ValueError):
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or not url.host or url.userinfo or not 0 < (url.port or 1) < 65536:
        raise errors.InvalidBaseURL(SENTENCES[errors.InvalidBaseURL])
    return url


def _headers(request: HttpRequest, endpoint: Endpoint) -> dict[str, str]:
    headers = dict(_DEFAULT_HEADERS)
    for name, value in [*request.headers.items(), *endpoint.headers.items()]:
        if not _HEADER_NAME.fullmatch(name) or name.lower() in _OUR_HEADERS:
            raise errors.InvalidHeader("A header of the connection has a name that cannot be sent: remove it.")
        if not _HEADER_VALUE.fullmatch(value):
            raise errors.InvalidHeader(
                f"The connection's key or its header {name} holds characters that cannot be sent: enter it again."
            )
        headers[name.lower()] = value.strip()
    return headers


def _proxy(url: str) -> httpx.Proxy | None:
    """The user and password go as a header: the transport's own way is deprecated in aiohttp."""
    if not url:
        return None
    try:
        proxy = httpx.Proxy(url)
    except (httpx.InvalidURL, ValueError):
        proxy = None
    if proxy is None or proxy.url.scheme not in ("http", "https") or not proxy.url.host:
        raise errors.InvalidProxy("The proxy is not one that can be used: write it like http://proxy.example.com:3128.")
    if proxy.auth is None:
        return proxy
    credentials = base64.b64encode(":".join(proxy.auth).encode()).decode("ascii")
    return httpx.Proxy(proxy.url, headers={"proxy-authorization": f"Basic {credentials}"})


class _Inflated:
    """A compressed body as it comes, decompressed."""

    def __init__(self, body: AsyncIterator[bytes], encoding: str) -> None:
        if encoding not in ("gzip", "x-gzip", "deflate"):
            raise errors.UnsupportedEncoding(
                f"The answer is compressed with {encoding}, which was not asked for: switch it off at its source."
            )
        self._body = body
        self._encoding = encoding
        self._inflater = zlib.decompressobj(zlib.MAX_WBITS | 32)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        plain = b""
        while not plain:
            raw = await anext(self._body)
            try:
                plain = self._inflater.decompress(raw)
            except zlib.error:
                raise errors.MalformedAnswer(
                    f"The answer says it is compressed with {self._encoding} and is not: check what stands in between."
                ) from None
        return plain
