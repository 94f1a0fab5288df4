"""The HTTP client against raw sockets: what it sends, what it refuses, and which error a broken connection is."""

import asyncio
import gzip

import pytest

from playground.providers import errors
from playground.providers.endpoint import Endpoint
from playground.providers.http import UpstreamClient, upstream_url
from tests.providers.faults import POST, Call, answers, body_of, upstream


class TestRequest:
    async def test_what_is_sent(self, http: UpstreamClient) -> None:
        async with upstream(answers("200 OK", b"{}")) as served:
            await body_of(http, served.endpoint(headers={"X-Team": "a", "User-Agent": "ours"}))
            call = served.calls[0]
        assert call.head.startswith("POST /v1/chat/completions HTTP/1.1\r\n")
        headers = call.headers()
        assert headers.pop("host") == f"127.0.0.1:{served.port}"
        assert headers == {
            "accept": "application/json, text/event-stream",
            "accept-encoding": "identity",
            "authorization": "Bearer canary-key",
            "content-length": "2",
            "user-agent": "ours",
            "x-team": "a",
        }

    async def test_the_url_goes_out_as_it_is(self, http: UpstreamClient) -> None:
        async with upstream(answers("200 OK")) as served:
            base_url = f"http://127.0.0.1:{served.port}/a%2Fb/v1/?api-version=1%2F2&x=%20y"
            await body_of(http, served.endpoint(base_url=base_url))
        assert served.calls[0].head.startswith("POST /a%2Fb/v1/chat/completions?api-version=1%2F2&x=%20y HTTP/1.1")

    async def test_no_cookie_is_kept(self, http: UpstreamClient) -> None:
        async with upstream(answers("200 OK", b"", set_cookie="session=1; Path=/")) as served:
            await body_of(http, served.endpoint())
            await body_of(http, served.endpoint())
        assert ["cookie" in call.headers() for call in served.calls] == [False, False]

    async def test_a_redirect_is_not_followed(self, http: UpstreamClient) -> None:
        async with upstream(answers("302 Found", location="/elsewhere")) as served:
            async with http.stream(POST, served.endpoint()) as response:
                assert response.status == 302
            assert len(served.calls) == 1

    @pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding", "bad name", "x\r\ny", ""])
    async def test_a_header_that_is_not_the_connections_to_set(self, http: UpstreamClient, name: str) -> None:
        with pytest.raises(errors.InvalidHeader):
            await body_of(http, Endpoint("openai-chat", "http://192.0.2.1/v1", headers={name: "x"}))

    @pytest.mark.parametrize("value", ["a\r\nb: c", "schlüssel", "\0"])
    async def test_a_header_value_that_cannot_be_sent(self, http: UpstreamClient, value: str) -> None:
        with pytest.raises(errors.InvalidHeader) as caught:
            await body_of(http, Endpoint("openai-chat", "http://192.0.2.1/v1", headers={"x-key": value}))
        assert value not in caught.value.message

    @pytest.mark.parametrize(
        "base_url",
        [
            "",
            "example.com/v1",
            "ftp://example.com",
            "http://",
            "http://[::1",
            "http://a:99999/",
            "http://u:p@example.com",
        ],
    )
    def test_a_base_url_that_cannot_be_asked(self, base_url: str) -> None:
        with pytest.raises(errors.InvalidBaseURL):
            upstream_url(base_url, "/models")

    @pytest.mark.parametrize(
        ("base_url", "path", "url"),
        [
            ("https://a.example/v1/", "/models", "https://a.example/v1/models"),
            ("https://a.example/v1?api-version=2", "/models", "https://a.example/v1/models?api-version=2"),
            ("https://a.example/v1", "/m:stream?alt=sse", "https://a.example/v1/m:stream?alt=sse"),
            ("https://a.example/v1?x=%2F", "/m:stream?alt=sse", "https://a.example/v1/m:stream?alt=sse&x=%2F"),
            ("https://a.example/v1", "/models/a%2Fb%3Fc", "https://a.example/v1/models/a%2Fb%3Fc"),
            ("https://a.example/v2", "/../v1/models", "https://a.example/v1/models"),
            ("https://a.example", "/../v1/models", "https://a.example/v1/models"),
        ],
    )
    def test_a_path_and_its_query_below_the_base_url(self, base_url: str, path: str, url: str) -> None:
        assert str(upstream_url(base_url, path)) == url

    async def test_the_number_of_streams_has_no_limit(self, http: UpstreamClient) -> None:
        all_here = asyncio.Event()

        async def waits(call: Call) -> None:
            if len(served.calls) == 120:
                all_here.set()
            await all_here.wait()
            await call.answer("200 OK", b"x")

        async with upstream(waits) as served, asyncio.timeout(20):
            bodies = await asyncio.gather(*(body_of(http, served.endpoint()) for _ in range(120)))
        assert bodies == [b"x"] * 120


class TestBrokenConnections:
    async def test_refused(self, http: UpstreamClient) -> None:
        with pytest.raises(errors.ConnectionRefused):
            await body_of(http, Endpoint("openai-chat", "http://127.0.0.1:9/v1", allow_private=True))

    async def test_a_name_that_does_not_exist(self, http: UpstreamClient) -> None:
        with pytest.raises(errors.NameNotResolved):
            await body_of(http, Endpoint("openai-chat", "http://no-such-host.invalid/v1"))

    async def test_closed_before_the_answer(self, http: UpstreamClient) -> None:
        async def closes(call: Call) -> None:
            call.writer.close()

        async with upstream(closes) as served:
            with pytest.raises(errors.ConnectionReset):
                await body_of(http, served.endpoint())

    async def test_reset_before_the_answer(self, http: UpstreamClient) -> None:
        async def resets(call: Call) -> None:
            call.reset()

        async with upstream(resets) as served:
            with pytest.raises(errors.ConnectionReset):
                await body_of(http, served.endpoint())

    async def test_cut_in_the_body(self, http: UpstreamClient) -> None:
        async def cuts(call: Call) -> None:
            await call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            call.writer.close()

        async with upstream(cuts) as served, http.stream(POST, served.endpoint()) as response:
            body = response.aiter_raw()
            assert await anext(body) == b"half"
            with pytest.raises(errors.ConnectionLost):
                await anext(body)

    async def test_broken_chunking(self, http: UpstreamClient) -> None:
        async def breaks(call: Call) -> None:
            await call.chunks(b"hello", end=False)
            await seen.wait()
            await call.send(b"zz\r\n")
            await call.wait_gone()

        seen = asyncio.Event()
        async with upstream(breaks) as served, http.stream(POST, served.endpoint()) as response:
            body = response.aiter_raw()
            assert await anext(body) == b"hello"
            seen.set()
            with pytest.raises(errors.ConnectionLost):
                await anext(body)

    @pytest.mark.parametrize(
        "answer", [b"SSH-2.0-OpenSSH_9.2\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"\x16\x03\x01\x02\r\n\r\n"]
    )
    async def test_something_else_than_http(self, http: UpstreamClient, answer: bytes) -> None:
        async def speaks(call: Call) -> None:
            await call.send(answer)
            call.writer.close()

        async with upstream(speaks) as served:
            with pytest.raises(errors.NotHTTP):
                await body_of(http, served.endpoint())


class TestCompression:
    async def test_gzip_is_decoded_as_it_comes(self, http: UpstreamClient) -> None:
        packed = gzip.compress(b"hello " * 1000)
        more = asyncio.Event()

        async def halves(call: Call) -> None:
            await call.send(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed))
            await call.send(packed[:-12])
            await more.wait()
            await call.send(packed[-12:])

        async with upstream(halves) as served, http.stream(POST, served.endpoint()) as response:
            body = response.aiter_raw()
            first = await anext(body)
            assert first.startswith(b"hello hello")
            more.set()
            assert first + b"".join([raw async for raw in body]) == b"hello " * 1000

    async def test_what_is_no_gzip(self, http: UpstreamClient) -> None:
        async with upstream(answers("200 OK", b"plain", content_encoding="gzip")) as served:
            with pytest.raises(errors.MalformedAnswer):
                await body_of(http, served.endpoint())

    async def test_another_coding(self, http: UpstreamClient) -> None:
        async with upstream(answers("200 OK", b"x", content_encoding="br")) as served:
            with pytest.raises(errors.UnsupportedEncoding, match="br"):
                await body_of(http, served.endpoint())


async def test_closing_the_client_closes_its_connections() -> None:
    async def waits(call: Call) -> None:
        await call.answer("200 OK")
        await call.wait_gone()

    async with upstream(waits) as served:
        async with UpstreamClient() as http:
            await body_of(http, served.endpoint())
        async with asyncio.timeout(1):
            await served.calls[0].gone.wait()
