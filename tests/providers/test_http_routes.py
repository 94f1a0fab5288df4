"""The ways to an upstream: private addresses, proxies and TLS."""

import asyncio
import datetime as dt
import ipaddress
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from playground.providers import errors
from playground.providers.endpoint import Endpoint, Timeouts
from playground.providers.http import UpstreamClient
from tests.providers.faults import POST, Call, answers, body_of, streams, upstream


class TestPrivateAddresses:
    @pytest.mark.parametrize(
        "host",
        [
            "127.0.0.1",
            "localhost",
            "0x7f000001",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "0.0.0.0",
        ],
    )
    async def test_they_are_refused_when_connecting(self, http: UpstreamClient, host: str) -> None:
        async with upstream(answers("200 OK")) as served:
            endpoint = served.endpoint(base_url=f"http://{host}:{served.port}/v1", allow_private=False)
            with pytest.raises((errors.PrivateAddressRefused, errors.NameNotResolved)):
                await body_of(http, endpoint)
            assert served.connections == 0

    @pytest.mark.parametrize("host", ["2130706433", "127.1", "017700000001", "127.0.0.1."])
    async def test_other_spellings_of_numbers_are_no_address(self, http: UpstreamClient, host: str) -> None:
        with pytest.raises((errors.InvalidBaseURL, errors.PrivateAddressRefused)):
            await body_of(http, Endpoint("openai-chat", f"http://{host}:1/v1"))

    async def test_an_open_connection_is_not_lent_to_a_connection_that_may_not(self, http: UpstreamClient) -> None:
        async with upstream(answers("200 OK")) as served:
            await body_of(http, served.endpoint())
            with pytest.raises(errors.PrivateAddressRefused):
                await body_of(http, served.endpoint(allow_private=False))
            assert len(served.calls) == 1

    async def test_a_proxy_counts_too_and_so_does_what_it_is_asked_for(self, http: UpstreamClient) -> None:
        async with upstream(answers("200 OK")) as served:
            proxy = f"http://127.0.0.1:{served.port}"
            with pytest.raises(errors.PrivateAddressRefused):
                await body_of(http, Endpoint("openai-chat", "http://api.example.com/v1", proxy=proxy))
            with pytest.raises(errors.PrivateAddressRefused):
                await body_of(http, Endpoint("openai-chat", "http://0x7f.1/v1", proxy="http://192.0.2.1:1"))
            assert served.connections == 0


class TestProxy:
    async def test_a_request_goes_through_it_with_its_password(self, http: UpstreamClient) -> None:
        async with upstream(answers("200 OK", b"via")) as served:
            proxy = f"http://user:pass@127.0.0.1:{served.port}"
            endpoint = Endpoint("openai-chat", "http://api.example.com/v1", proxy=proxy, allow_private=True)
            assert await body_of(http, endpoint) == b"via"
        assert served.calls[0].head.startswith("POST http://api.example.com/v1/chat/completions HTTP/1.1")
        assert served.calls[0].headers()["proxy-authorization"] == "Basic dXNlcjpwYXNz"

    async def test_one_that_refuses(self, http: UpstreamClient) -> None:
        async with upstream(answers("407 Proxy Authentication Required")) as served:
            proxy = f"http://127.0.0.1:{served.port}"
            endpoint = Endpoint("openai-chat", "https://api.example.com/v1", proxy=proxy, allow_private=True)
            with pytest.raises(errors.ProxyFailed, match="407") as caught:
                await body_of(http, endpoint)
        assert served.calls[0].head.startswith("CONNECT api.example.com:443 HTTP/1.1")
        assert "authorization" not in served.calls[0].headers()
        assert not caught.value.retryable

    async def test_one_that_is_not_there(self, http: UpstreamClient) -> None:
        endpoint = Endpoint("openai-chat", "http://a.example/v1", proxy="http://127.0.0.1:9", allow_private=True)
        with pytest.raises(errors.ProxyFailed):
            await body_of(http, endpoint)

    async def test_one_that_never_opens_the_way(self, http: UpstreamClient) -> None:
        """The connect timer covers the proxy's answer to CONNECT, and names itself."""

        async def silent(call: Call) -> None:
            await call.wait_gone()

        async with upstream(silent) as served:
            proxy = f"http://127.0.0.1:{served.port}"
            endpoint = Endpoint(
                "openai-chat",
                "https://api.example.com/v1",
                proxy=proxy,
                allow_private=True,
                timeouts=Timeouts(connect=0.2),
            )
            with pytest.raises(errors.ConnectTimeout, match=r"within the connect timeout of 0\.\d+ s"):
                await body_of(http, endpoint)

    @pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "nonsense", "http://", "http://[::1"])
    async def test_one_that_cannot_be_used(self, http: UpstreamClient, proxy: str) -> None:
        with pytest.raises(errors.InvalidProxy):
            await body_of(http, Endpoint("openai-chat", "http://api.example.com/v1", proxy=proxy))


class TestTLS:
    async def test_a_trusted_certificate(self, tmp_path: Path) -> None:
        server, client = certificates(tmp_path)
        async with UpstreamClient(ssl_context=client) as http, upstream(streams(b"a"), tls=server) as served:
            assert await body_of(http, served.endpoint()) == b"a"

    async def test_an_unknown_certificate(self, http: UpstreamClient, tmp_path: Path) -> None:
        server, _ = certificates(tmp_path)
        async with upstream(streams(b"a"), tls=server) as served:
            with pytest.raises(errors.TLSFailed):
                await body_of(http, served.endpoint())

    async def test_a_server_that_never_shakes_hands(self, http: UpstreamClient) -> None:
        async with upstream(answers("200 OK")) as served:
            endpoint = served.endpoint(base_url=f"https://127.0.0.1:{served.port}/v1", timeouts=Timeouts(connect=0.2))
            with pytest.raises(errors.ConnectTimeout, match=r"within the connect timeout of 0\.\d+ s"):
                await body_of(http, endpoint)

    async def test_leaving_in_mid_stream_closes_the_socket(self, tmp_path: Path) -> None:
        async def streaming(call: Call) -> None:
            await call.chunks(b"a", end=False)
            await call.wait_gone()

        server, client = certificates(tmp_path)
        async with UpstreamClient(ssl_context=client) as http, upstream(streaming, tls=server) as served:
            async with http.stream(POST, served.endpoint()) as response:
                assert await anext(response.aiter_raw()) == b"a"
            async with asyncio.timeout(1):
                await served.calls[0].gone.wait()


def certificates(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate for 127.0.0.1, and a client's that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "upstream")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "upstream.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    return server, ssl.create_default_context(cafile=pem)
