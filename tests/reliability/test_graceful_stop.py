"""SIGTERM: nothing new begins, what can end does so, the rest is saved, and everybody is told."""

import contextlib
import signal
import threading
import time

import httpx
import orjson

from tests.reliability.conftest import Serve
from tests.reliability.sizes import say
from tests.reliability.watching import Watcher
from tests.server import Client, Server

GRACE_S = 6
LONG = "sim/sim-n40000-r40-d0"


def stopping(server: Server) -> threading.Thread:
    """Send SIGTERM, and wait on a thread for the end; return once the server says that it stops."""
    thread = threading.Thread(target=server.stop, name="stop")
    thread.start()
    deadline = time.monotonic() + 10
    while (ready := httpx.get(f"{server.base_url}/readyz")).status_code == 200:
        assert time.monotonic() < deadline
    assert [problem["code"] for problem in ready.json()["problems"]] == ["stopping"]
    assert int(ready.headers["Retry-After"]) > 0
    return thread


def test_live_runs_get_a_grace_period_and_new_ones_are_refused(serve: Serve) -> None:
    with serve(PLAYGROUND_STOP_GRACE_S=str(GRACE_S)) as server, contextlib.closing(Client(server)) as client:
        page = httpx.Client(base_url=server.base_url)
        long = Watcher(client, client.post_run(LONG)["id"], stays=True)
        short = Watcher(client, client.post_run("sim/sim-n60-r30-d0")["id"])
        long.until(10)
        began = time.monotonic()
        end = stopping(server)
        refused = client.http.post("/runs", json={"model": LONG, "prompt": "Hello"})
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "busy")
        assert int(refused.headers["Retry-After"]) > 0
        body = {"model": LONG, "messages": [{"role": "user", "content": "Hello"}]}
        refused = httpx.post(f"{server.base_url}/v1/chat/completions", json=body, headers=client.headers)
        assert refused.status_code == 503
        assert int(refused.headers["Retry-After"]) > 0
        assert page.get("/healthz").status_code == 200
        assert short.until_ended() == "completed"
        page.close()
        end.join()
        stopped_s = time.monotonic() - began
        assert stopped_s >= GRACE_S - 1
        long.join()
        assert long.close_code == 4412
        assert long.ended == "interrupted"
        server.start()
        kept = client.run(long.run_id)
        assert kept["status"] == "interrupted"
        assert kept["text"].startswith(long.text)
        assert client.run(short.run_id)["status"] == "completed"
        say(
            "graceful stop", f"{GRACE_S} s of grace: the short run completed, the process ended after {stopped_s:.1f} s"
        )


def test_a_second_signal_ends_the_grace(serve: Serve) -> None:
    with serve(PLAYGROUND_STOP_GRACE_S="600") as server, contextlib.closing(Client(server)) as client:
        long = Watcher(client, client.post_run(LONG)["id"], stays=True)
        long.until(10)
        end = stopping(server)
        assert server._process is not None
        server._process.send_signal(signal.SIGTERM)
        end.join()
        long.join()
        assert long.close_code == 4412
        assert long.ended == "interrupted"


def test_a_streaming_call_of_the_gateway_ends_with_an_error_in_its_stream(serve: Serve) -> None:
    with serve(PLAYGROUND_STOP_GRACE_S="0") as server, contextlib.closing(Client(server)) as client:
        body = {"model": LONG, "messages": [{"role": "user", "content": "Hello"}], "stream": True}
        lines: list[str] = []
        with httpx.stream(
            "POST", f"{server.base_url}/v1/chat/completions", json=body, headers=client.headers, timeout=60
        ) as answer:
            end: threading.Thread | None = None
            for line in answer.iter_lines():
                lines.append(line)
                if end is None and len(lines) > 20:
                    end = threading.Thread(target=server.stop, name="stop")
                    end.start()
        assert end is not None
        end.join()
        errors = [data["error"] for data in map(_data_of, lines) if "error" in data]
        assert [error["code"] for error in errors] == ["interrupted"]


def _data_of(line: str) -> dict[str, dict[str, str]]:
    text = line.removeprefix("data: ")
    return orjson.loads(text) if text.startswith("{") else {}
