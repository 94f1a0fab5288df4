"""`manage.py connection`, against a simulator in another thread's event loop."""

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core.management import CommandError, call_command

from playground.connections.models import Connection, Measurement
from playground.providers.simulator import Simulator
from playground.workspaces.models import Workspace
from tests.factories import make_connection, make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def base_url() -> Iterator[str]:
    ready, done = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()
    urls: list[str] = []

    async def serve() -> None:
        async with Simulator(api_key="canary-key") as simulator:
            urls.append(simulator.base_url)
            ready.set()
            await done.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    ready.wait(10)
    yield urls[0]
    loop.call_soon_threadsafe(done.set)
    thread.join()
    loop.close()


def add(base_url: str, *options: str) -> None:
    call_command("connection", "add", "up", "--dialect", "openai-chat", "--base-url", base_url, *options)


def test_add_takes_the_key_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UP_KEY", "canary-key")
    add("https://api.example.com/v1", "--key-env", "UP_KEY", "--model", "a", "--model", "b")
    connection = Connection.objects.get()
    assert connection.workspace == Workspace.objects.default()
    assert connection.model_names == ["a", "b"]
    assert connection.read_secrets().api_key == "canary-key"
    call_command("connection", "list")
    out = capsys.readouterr().out
    assert out == "Added up. Its models are called up/a.\nup\topenai-chat\thttps://api.example.com/v1\ta, b\n"


@pytest.mark.parametrize(
    ("base_url", "options", "message"),
    [
        ("nonsense", [], "--base-url: Write a whole URL"),
        ("http://127.0.0.1:1/v1", [], "--base-url: This is a private address"),
        ("https://api.example.com/v1", ["--key-env", "NOT_SET"], "NOT_SET is empty or not set"),
    ],
)
def test_add_says_what_is_wrong(base_url: str, options: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        add(base_url, *options)
    assert not Connection.objects.exists()


def test_add_takes_timers_and_the_retry_policy(base_url: str) -> None:
    policy = ["--attempts", "5", "--retry-statuses", "429,503", "--retry-budget", "", "--between-chunks-timeout", "7.5"]
    add(base_url, "--allow-private", *policy, "--continue-by", "prefill")
    connection = Connection.objects.get()
    assert connection.retry == {
        "attempts": 5,
        "base_delay": 0.5,
        "max_delay": 20,
        "retry_after_cap": 120,
        "statuses": [429, 503],
        "budget": None,
    }
    assert connection.timeouts == {"connect": 10, "first_chunk": 120, "between_chunks": 7.5, "total": 600}
    assert connection.continues_by == "prefill"


def test_add_names_the_option_that_is_wrong(base_url: str) -> None:
    with pytest.raises(CommandError, match="--retry-statuses: “nine” is not the status"):
        add(base_url, "--allow-private", "--retry-statuses", "nine")


def test_remove(capsys: pytest.CaptureFixture[str]) -> None:
    make_connection(name="up")
    make_connection(make_workspace(), "up")
    call_command("connection", "remove", "up")
    assert Connection.objects.filter(name="up").count() == 1, "only the default workspace's"
    with pytest.raises(CommandError, match="There is no connection 'up'"):
        call_command("connection", "remove", "up")


@pytest.mark.django_db(transaction=True)
def test_test_says_how_it_streams(
    base_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UP_KEY", "canary-key")
    add(base_url, "--allow-private", "--key-env", "UP_KEY", "--model", "sim-n16-r20-d0")
    call_command("connection", "test", "up")
    out = capsys.readouterr().out
    assert "models: sim-n256-r50-d100" in out
    assert "sim-n16-r20-d0: streams, 16 chunks, first after " in out
    assert "canary" not in out


@pytest.mark.django_db(transaction=True)
def test_test_tells_an_upstream_that_does_not_stream(base_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    make_connection(name="up", base_url=base_url, api_key="canary-key", model_names=["sim-whole-n8-r0-d0"])
    call_command("connection", "test", "up")
    assert "sim-whole-n8-r0-d0: answers in one piece" in capsys.readouterr().out


@pytest.mark.django_db(transaction=True)
def test_test_cannot_tell_from_one_token(base_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    make_connection(name="up", base_url=base_url, api_key="canary-key")
    call_command("connection", "test", "up", "--model", "sim-n1-r0-d0")
    out = capsys.readouterr().out
    assert re.search(r"sim-n1-r0-d0: answers, first after \d+ ms; the answer was too short to tell", out)
    assert "did not stream" not in out


@pytest.mark.django_db(transaction=True)
def test_test_fails_with_the_upstreams_reason(base_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    make_connection(name="up", base_url=base_url, api_key="canary-wrong", model_names=["sim-n8-r0-d0"])
    with pytest.raises(CommandError, match="did not accept the API key") as caught:
        call_command("connection", "test", "up")
    assert "canary" not in capsys.readouterr().out + str(caught.value)


class BreaksOff(BaseHTTPRequestHandler):
    """Five chunks, and no end mark."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for text in "abcde":
            delta = json.dumps({"choices": [{"index": 0, "delta": {"content": text}}]})
            self.wfile.write(f"data: {delta}\n\n".encode())

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def breaks_off() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), BreaksOff) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()
        thread.join()


@pytest.mark.django_db(transaction=True)
def test_test_says_what_came_before_it_failed(breaks_off: str, capsys: pytest.CaptureFixture[str]) -> None:
    make_connection(name="up", base_url=breaks_off, model_names=["m"])
    with pytest.raises(CommandError, match="without its end mark"):
        call_command("connection", "test", "up")
    out = capsys.readouterr().out
    assert "m: failed after 5 chunks, first after" in out
    assert "  Streams: failed\n  Pace: first" in out


@pytest.mark.django_db(transaction=True)
def test_test_keeps_what_it_measured(base_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    make_connection(name="up", base_url=base_url, api_key="canary-key", model_names=["sim-n64-r50-d0"])
    call_command("connection", "test", "up")
    assert "  Streams: token by token\n" in capsys.readouterr().out
    kept = Measurement.objects.get()
    assert (kept.workspace, kept.connection, kept.model) == (Workspace.objects.default(), "up", "sim-n64-r50-d0")
    assert kept.results["stream"] == "tokens"


@pytest.mark.django_db(transaction=True)
def test_test_measures_built_in_models(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("connection", "test", "sim", "--model", "sim-n2-r0-d0")
    assert "sim-n2-r0-d0: answers, first after" in capsys.readouterr().out
    assert Measurement.objects.get().connection == "sim"
    with pytest.raises(CommandError, match="does not exist"):
        call_command("connection", "test", "sim", "--model", "nonsense")
