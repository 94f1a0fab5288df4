"""Pages are told when a run starts or ends: those of who may see it."""

from collections.abc import Iterator

import orjson
import pytest

from tests.runs.guests import Guest
from tests.server import Client, Server


@pytest.fixture(scope="module")
def ada(server: Server) -> Iterator[Client]:
    client = Client(server, "activity-ada")
    yield client
    client.close()


@pytest.fixture(scope="module")
def grace(server: Server) -> Iterator[Client]:
    client = Client(server, "activity-grace")
    yield client
    client.close()


def shell(server: Server, code: str) -> str:
    imports = "from playground.accounts.models import User; from playground.runs.models import Session;"
    return server.manage("shell", "-v0", "-c", imports + code)


def test_a_run_is_told_to_its_owner_and_to_the_workspace_only_if_that_sees_the_session(
    server: Server, ada: Client, grace: Client
) -> None:
    session = ada.post_run("sim/sim-n3-r0")["session"]
    user, workspace = shell(
        server, f"s = Session.objects.get(pk='{session}'); print(s.owner_id, s.workspace_id)"
    ).split()
    with ada.socket() as first, grace.socket() as second:
        one, two = Guest(first), Guest(second)
        assert one.join(f"user:{user}")["op"] == one.join(f"session:{session}")["op"] == "joined"
        two.join(f"workspace:{workspace}")
        ada.post_run("sim/sim-n12-r20", session=session)
        told = [one.until(lambda message: message["op"] == "nudge") for _ in range(3)]
        assert [(m["room"].partition(":")[0], m["what"]) for m in told] == [
            ("session", "turns"),
            ("user", "sessions"),
            ("user", "sessions"),
        ]
        shell(server, f"Session.objects.filter(pk='{session}').update(visibility='workspace')")
        ada.post_run("sim/sim-n12-r20", session=session)
        heard = two.until(lambda message: message["op"] == "nudge")
        assert heard == {"op": "nudge", "room": f"workspace:{workspace}", "what": "sessions", "data": {}}
        two.until(lambda message: message["op"] == "nudge")
        two.send(op="ping")
        assert orjson.loads(second.recv(10)) == {"op": "pong"}  # two hints for the shared run, none for the private one
