"""The same faults through a whole server: what is stored, what a program reads of it, what the gateway tells."""

import time
from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest

from playground.providers.simulator.faults import FAULTS, Fault
from tests.gateway.conftest import frames, text_of
from tests.reliability.fault_table import Told
from tests.reliability.teed import Teed, body_of, teed_in_a_thread
from tests.reliability.test_faults import CHAT, NEVER_ENDS, Case, tokens_of
from tests.server import Client, Follower, Server, running_server

PATIENCE_S: Final = 60
LARGE: Final = {"hugechunk", "toolong"}
ENDS: Final = [fault for name, fault in FAULTS.items() if name not in NEVER_ENDS]
FINAL: Final = {"completed", "cancelled", "truncated", "filtered", "failed", "interrupted"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("faults"), PLAYGROUND_MAX_RUNS_PER_USER="100") as server:
        yield server


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[Client]:
    client = Client(server)
    yield client
    client.close()


@pytest.fixture(scope="module")
def sim(server: Server) -> Iterator[Teed]:
    """What the connection `up` leads to."""
    with teed_in_a_thread() as simulator:
        add = ("--dialect", CHAT, "--base-url", simulator.base_url, "--allow-private")
        server.manage("connection", "add", "up", *add)
        yield simulator


def ended(client: Client, run_id: str) -> dict[str, Any]:
    """The run once it has ended."""
    deadline = time.monotonic() + PATIENCE_S
    while (run := client.run(run_id))["status"] not in FINAL:
        assert time.monotonic() < deadline, run
        time.sleep(0.02)
    return run


def raw_of(client: Client, run_id: str) -> bytes:
    """The body of the last attempt, as it is kept."""
    response = client.http.get(f"/runs/{run_id}/export", params={"format": "raw"})
    assert response.status_code == 200, response.text
    return response.content


@pytest.mark.parametrize("fault", ENDS, ids=lambda fault: fault.name)
def test_a_fault_is_stored_as_it_was(sim: Teed, client: Client, fault: Fault) -> None:
    case, before = Case(fault, CHAT, None, 0), len(sim.wires)
    posted = client.post_run(f"up/{case.model}", "你好")
    run, told = ended(client, posted["id"]), case.told
    assert run["status"] == told.status
    assert (run["error"] or {}).get("code") == told.error
    assert run["text"] == told.text(tokens_of(case), case.place)
    assert run["attempts"] == told.attempts
    if fault.name in LARGE:
        return
    events = client.events(posted["id"])
    assert [event["seq"] for event in events] == list(range(len(events)))
    assert (events[-1]["kind"], events[-1]["data"]["status"]) == ("run.ended", told.status)
    assert told.notice is None or told.notice in [e["data"]["code"] for e in events if e["kind"] == "notice"]
    assert_bytes_are_stored(sim.wires[before:], client, case, posted["id"])


def assert_bytes_are_stored(wires: list[bytearray], client: Client, case: Case, run_id: str) -> None:
    assert len(wires) == case.told.attempts
    sent = body_of(bytes(wires[-1]))
    if case.told.error == "unsupported_encoding" or case.fault.status in range(300, 400):
        return  # nobody could read it; there is none
    kept = raw_of(client, run_id)
    assert kept == sent if case.told.is_read else (kept and sent.startswith(kept))


def test_a_huge_chunk_reaches_its_viewer(sim: Teed, client: Client) -> None:
    """In one message of 8 MB: more than the server takes from a client."""
    case = Case(FAULTS["hugechunk"], CHAT, 1, 0)
    run_id = client.post_run(f"up/{case.model}", "你好")["id"]
    with client.socket() as socket:
        follower = Follower(socket, run_id)
        while follower.ended is None:
            if follower.step(PATIENCE_S)["op"] == "frame":
                follower.send({"op": "ack", "run": run_id, "seq": follower.after})
    assert follower.text == case.told.text(tokens_of(case), case.place)


@pytest.mark.parametrize("name", sorted(NEVER_ENDS))
def test_stop_ends_what_never_ends(sim: Teed, client: Client, name: str) -> None:
    case = Case(FAULTS[name], CHAT, None, 0)
    run_id = client.post_run(f"up/{case.model}", "你好")["id"]
    deadline = time.monotonic() + PATIENCE_S
    while not (sim.models.count(case.model) and (name == "silent" or client.run(run_id)["text"])):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert client.http.post(f"/runs/{run_id}/cancel").status_code == 202
    run = ended(client, run_id)
    assert run["status"] == "cancelled"
    assert "".join(tokens_of(case)).startswith(run["text"][:4])
    while sim.counters.live:
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("fault", [one for one in ENDS if one.name not in LARGE], ids=lambda fault: fault.name)
def test_the_gateway_tells_a_fault_in_its_place(sim: Teed, client: Client, fault: Fault) -> None:
    """Before the first token by a status, after it in the stream; and a whole answer is ended as one."""
    case = Case(fault, CHAT, None, 0)
    told, text = case.told, case.told.text(tokens_of(case), case.place)
    body = {"model": f"up/{case.model}", "stream": True, "messages": [{"role": "user", "content": "你好"}]}
    # A call that differs, so that its attempts are counted anew.
    response = httpx.post(
        f"{client.server.base_url}/v1/chat/completions",
        json={**body, "seed": 1},
        headers=client.headers,
        timeout=PATIENCE_S,
    )
    run = ended(client, response.headers["x-playground-run"])
    assert (run["status"], (run["error"] or {}).get("code")) == (told.status, told.error)
    if not text:
        assert response.status_code >= 400
        assert response.json()["error"]["message"] == run["error"]["message"]
        return
    assert response.status_code == 200
    assert_stream_tells(frames(response.content), run, told)


def assert_stream_tells(objects: list[Any], run: dict[str, Any], told: Told) -> None:
    if told.error is None:
        assert objects[-1] == "[DONE]"
        assert text_of(objects) == run["text"]
    else:
        assert text_of(objects[:-1]) == run["text"]
        assert objects[-1]["error"]["message"] == run["error"]["message"]
        assert "[DONE]" not in objects
