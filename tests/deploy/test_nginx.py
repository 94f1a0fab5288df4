"""The page's nginx in front of a server: sockets, streams, uploads, restarts."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.deploy.nginx import NAME, Nginx, running_nginx
from tests.server import Client, Follower, Server, running_server

RESTARTING = 4412


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    address = {"PUBLIC_URL": f"https://{NAME}", "PLAYGROUND_METRICS_TOKEN": "a-long-random-text"}
    address["PLAYGROUND_TRUSTED_PROXIES"] = "127.0.0.1"
    with running_server(tmp_path_factory.mktemp("server"), **address) as running:
        yield running


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Iterator[Nginx]:
    with running_nginx(tmp_path_factory.mktemp("nginx"), [f"127.0.0.1:{server.port}"]) as running:
        yield running


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[Client]:
    client = Client(server)
    yield client
    client.close()


def through(nginx: Nginx, client: Client) -> httpx.Client:
    return httpx.Client(base_url=nginx.base_url, verify=nginx.tls, headers={**client.headers, "Host": NAME}, timeout=30)


def test_nginx_accepts_the_configuration(tmp_path: Path) -> None:
    assert "test is successful" in Nginx(tmp_path / "nginx", ["127.0.0.1:8000"] * 3).check()


def test_plain_http_is_sent_to_https(nginx: Nginx) -> None:
    answer = httpx.get(f"http://{nginx.host}:{nginx.plain_port}/sessions/", headers={"Host": NAME})
    assert (answer.status_code, answer.headers["location"]) == (301, f"https://{NAME}/sessions/")


def test_the_app_knows_that_it_is_behind_https(nginx: Nginx, client: Client) -> None:
    with through(nginx, client) as http:
        answer = http.get("/sign-in/", follow_redirects=True)
        assert "max-age" in answer.headers["strict-transport-security"]
        assert "secure" in answer.headers["set-cookie"].lower()
        assert http.get("/metrics").status_code == 404


def test_each_client_has_a_limit_of_its_own(nginx: Nginx) -> None:
    def sign_in(local_address: str) -> int:
        transport = httpx.HTTPTransport(verify=nginx.tls, local_address=local_address)
        with httpx.Client(base_url=nginx.base_url, headers={"Host": NAME}, transport=transport) as http:
            token = http.get("/sign-in/").cookies["__Host-csrftoken"]
            headers = {
                "X-CSRFToken": token,
                "Cookie": f"__Host-csrftoken={token}",
                "Referer": f"https://{NAME}/sign-in/",
            }
            headers["X-Forwarded-For"] = "127.0.0.3"
            fields = {"username": "nobody", "password": "wrong"}
            return http.post("/sign-in/", data=fields, headers=headers).status_code

    assert [sign_in("127.0.0.2") for _ in range(6)] == [422] * 5 + [429]
    assert sign_in("127.0.0.3") == 422


def test_a_socket_is_upgraded_from_the_public_origin_only(nginx: Nginx, client: Client) -> None:
    run = client.post_run("sim/sim-n40-r100-d0")
    with client.socket_at(nginx.ws_url, ssl=nginx.tls, server_hostname=NAME, origin=f"https://{NAME}") as socket:
        follower = Follower(socket, run["id"])
        assert follower.finish() == client.run(run["id"])["text"]


def test_tokens_pass_as_they_come(nginx: Nginx, client: Client) -> None:
    request = {"model": "sim/sim-n60-r30-d0", "stream": True, "messages": [{"role": "user", "content": "Hello"}]}
    with through(nginx, client) as http, http.stream("POST", "/v1/chat/completions", json=request) as answer:
        assert answer.status_code == 200
        arrived = [time.monotonic() for line in answer.iter_lines() if line.startswith("data:")]
    assert len(arrived) > 60
    # Buffered, all would arrive together at the end.
    assert arrived[len(arrived) // 2] - arrived[0] > (arrived[-1] - arrived[0]) / 5
    assert arrived[-1] - arrived[0] > 1


def test_a_large_upload_reaches_the_app(nginx: Nginx, client: Client) -> None:
    with through(nginx, client) as http:
        answer = http.post("/api/v1/runs", json={"model": "sim/sim-n1-r0", "prompt": "x" * 3_000_000})
    assert answer.status_code in (400, 413, 422)
    assert answer.json()["error"]["field"] == "prompt"  # the app's limit, not nginx's page


def test_a_restart_is_told_through_nginx(tmp_path: Path) -> None:
    with running_server(tmp_path / "server", PUBLIC_URL=f"https://{NAME}", PLAYGROUND_STOP_GRACE_S="0") as server:
        upstream = [f"127.0.0.1:{server.port}"]
        with running_nginx(tmp_path / "nginx", upstream) as nginx, contextlib.closing(Client(server)) as client:
            run = client.post_run("sim/sim-n5000-r50-d0")
            with client.socket_at(nginx.ws_url, ssl=nginx.tls, server_hostname=NAME) as socket:
                follower = Follower(socket, run["id"])
                follower.until(20)
                assert server.stop() == 0
                assert follower.until_closed() == RESTARTING
            server.start()
            with client.socket_at(nginx.ws_url, ssl=nginx.tls, server_hostname=NAME) as socket:
                again = Follower(socket, run["id"], follower.after, follower.subscribed["epoch"])
                again.finish()
            assert again.ended is not None
            assert again.ended["status"] == "interrupted"
            assert client.run(run["id"])["text"].startswith(follower.text)
