"""Clients that never read cost a bounded piece of memory, hurt nobody else, and are cut off within ten seconds."""

import re
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import orjson
import pytest

from tests.reliability.silent import Silent, resident, until_cut
from tests.reliability.sizes import say, size
from tests.server import Client, Follower, Server, running_server

NAME = "slow readers"
SILENT = size(4, 50)
WITHIN_S = 15.0  # 10 s, and a busy machine's grace
WRITE_TIMEOUT_S = size(3, 10)
MIB = 2**20
METRICS = "only-for-this-test"
ENVIRONMENT = {"PLAYGROUND_METRICS_TOKEN": METRICS, "PLAYGROUND_WRITE_TIMEOUT_S": str(WRITE_TIMEOUT_S)}
LONG = "sim/sim-n50000-r0-d0"  # 1.6 MB of frames: more than may wait for an acknowledgement
PACED = f"sim/sim-clock-n{size(150, 600)}-r50-d0"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("slow"), **ENVIRONMENT) as server:
        yield server


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[Client]:
    client = Client(server)
    yield client
    client.close()


@pytest.fixture(scope="module")
def long_run(client: Client) -> str:
    """A run that has ended, and that one viewer has read: whatever that costs the server, it has cost."""
    run: str = client.post_run(LONG)["id"]
    read(client, run)
    return run


def read(client: Client, run: str) -> Follower:
    """Read a run to its end, as a viewer should: acknowledging."""
    with client.socket() as socket:
        follower = Follower(socket, run)
        while follower.ended is None:
            if follower.step(60)["op"] == "frame":
                follower.send({"op": "ack", "run": run, "seq": follower.after})
    return follower


def metric(client: Client, name: str) -> float:
    answer = httpx.get(f"{client.server.base_url}/metrics", headers={"Authorization": f"Bearer {METRICS}"})
    found = re.search(rf"^playground_{name}(?:_total)? (\S+)$", answer.text, re.MULTILINE)
    assert found, answer.text
    return float(found[1])


def until_nothing_waits(client: Client) -> None:
    """A socket that was cut is gone once what it had asked by then was looked at."""
    deadline = time.monotonic() + 2 * WITHIN_S
    while metric(client, "queue_bytes"):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def lag_p99(client: Client) -> float:
    """By how many seconds the events of a paced run reach its viewer late, but for what all are late by."""
    with client.socket() as socket:
        follower = Follower(socket, client.post_run(PACED)["id"])
        late: list[float] = []
        while follower.ended is None:
            message = follower.step()
            now = time.monotonic()
            if message["op"] == "frame":
                late += [now - t / 1e6 for t, kind, _ in message["events"] if kind == "chunk"]
    return statistics.quantiles(late, n=100)[98] - min(late)


def test_viewers_that_never_read_are_bounded_and_cut_off_and_no_one_else_notices(
    server: Server, client: Client, long_run: str
) -> None:
    until_nothing_waits(client)
    before, lag_before, cut_before = resident(server.pid), lag_p99(client), metric(client, "viewers_too_slow")
    peak, waiting = 0, 0.0
    lags: list[float] = []
    with ExitStack() as stack:
        silent = [stack.enter_context(Silent(client)) for _ in range(SILENT)]
        for one in silent:
            one.open_websocket()
            one.send({"op": "subscribe", "run": long_run, "after": -1})
        other = threading.Thread(target=lambda: lags.append(lag_p99(client)), name="other viewer")
        other.start()
        began = time.monotonic()
        while not all(one.is_cut for one in silent):
            assert time.monotonic() - began < WITHIN_S
            peak = max(peak, resident(server.pid))
            waiting = max(waiting, metric(client, "queue_bytes"))
        took = time.monotonic() - began
        other.join()
    grown = (peak - before) / MIB
    say(NAME, f"{SILENT} viewers that never read: cut after {took:.1f} s, {waiting / MIB:.1f} MiB not acknowledged")
    say(NAME, f"meanwhile {grown:+.0f} MiB; another viewer's p99 {lags[0] * 1e3:.0f} ms, {lag_before * 1e3:.0f} before")
    assert metric(client, "viewers_too_slow") - cut_before == SILENT
    assert SILENT * 0.5 * MIB < waiting <= SILENT * 1.01 * MIB
    assert grown <= 2.5 * SILENT + 16
    assert lags[0] <= 3 * lag_before + 0.25


def test_a_viewer_that_acknowledges_and_does_not_read(server: Server, client: Client, long_run: str) -> None:
    before, cut_before = resident(server.pid), metric(client, "viewers_too_slow")
    with Silent(client) as silent:
        silent.open_websocket()
        silent.do_not_wait()
        began = time.monotonic()
        while not silent.is_cut:
            assert time.monotonic() - began < 2 * WITHIN_S
            silent.send({"op": "subscribe", "run": long_run, "after": -1})
            silent.send({"op": "ack", "run": long_run, "seq": 10**9})
            time.sleep(0.02)
        took = time.monotonic() - began
    grown = (resident(server.pid) - before) / MIB
    say(NAME, f"a viewer that acknowledges and does not read: cut after {took:.1f} s, {grown:+.0f} MiB")
    assert metric(client, "viewers_too_slow") - cut_before == 1
    assert grown <= 96  # it has asked for some 60 MB a second, each time of a recording that is read anew


@pytest.mark.usefixtures("long_run")  # so that the server has grown to what it needs
def test_a_viewer_that_only_asks_and_does_not_read(server: Server, client: Client) -> None:
    """What it has asked and the server has not read yet waits in its own buffers."""
    before = resident(server.pid)
    with Silent(client) as silent:
        silent.open_websocket()
        silent.do_not_wait()
        until, refused = time.monotonic() + size(2, 10), 0
        while time.monotonic() < until and not silent.is_cut:
            refused += not silent.send({"op": "subscribe", "run": "x" * 60, "after": -1})
        grown = (resident(server.pid) - before) / MIB
    say(NAME, f"a viewer that asks for ever and does not read: {refused} messages not taken, {grown:+.0f} MiB")
    assert refused
    assert grown <= 64  # what comes while reading is paused would take several times as much


def test_a_client_of_the_gateway_that_never_reads_ends_its_run(client: Client) -> None:
    cut_before = metric(client, "answers_not_read")
    body = {"model": "sim/sim-n1000000-r5000-d0", "stream": True, "messages": [{"role": "user", "content": "Hi"}]}
    with Silent(client) as silent:
        silent.ask("POST", "/v1/chat/completions", orjson.dumps(body))
        took = until_cut([silent], 2 * WITHIN_S)
    session = client.http.get("/sessions").json()["sessions"][0]["id"]
    run = client.http.get(f"/sessions/{session}").json()["turns"][-1]["runs"][0]["id"]
    follower = read(client, run)
    assert follower.ended is not None
    say(NAME, f"a client of the gateway that never reads: cut after {took:.1f} s, its run {follower.ended['status']}")
    assert follower.ended["status"] == "cancelled"
    assert [data["code"] for _, kind, data in follower.events if kind == "notice"] == ["client_not_reading"]
    assert metric(client, "answers_not_read") - cut_before == 1


@pytest.mark.parametrize("what", ["replay", "download"])
def test_whoever_does_not_read_any_other_answer(client: Client, long_run: str, what: str) -> None:
    cut_before = metric(client, "answers_not_read")
    with ExitStack() as stack:
        silent = [stack.enter_context(Silent(client)) for _ in range(size(3, 10))]
        for one in silent:
            if what == "replay":
                body = {"model": f"replay/{long_run}", "stream": True, "playground": {"speed": 0}}
                one.ask("POST", "/v1/chat/completions", orjson.dumps(body))
            else:
                for _ in range(3):  # more than the kernel takes
                    one.ask("GET", f"/api/v1/runs/{long_run}/events")
        took = until_cut(silent, 2 * WITHIN_S)
    say(NAME, f"{len(silent)} clients that do not read a {what}: cut after {took:.1f} s")
    assert metric(client, "answers_not_read") - cut_before == len(silent)


def test_a_client_that_reads_slowly_gets_all_of_it(client: Client, long_run: str) -> None:
    """It takes far less than the server has, and is not cut off: what it takes is looked at, not how much is left."""
    wish = {"speed": 0, "loop": size(4, 20)}
    body = {"model": f"replay/{long_run}", "stream": True, "playground": wish}
    received = 0
    with httpx.Client(headers=client.headers, timeout=30) as http:
        address = f"{client.server.base_url}/v1/chat/completions"
        with http.stream("POST", address, json=body) as response:
            for piece in response.iter_raw(256 * 1024):
                received += len(piece)
                time.sleep(0.05)
                last = piece
    say(NAME, f"a client that reads slowly: {received / MIB:.0f} MiB, to its end")
    assert last.endswith(b"data: [DONE]\n\n")
