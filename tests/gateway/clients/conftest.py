"""One server for all clients, a token of a person on it, and connections to a provider with prepared answers."""

from collections.abc import Iterator

import pytest

from tests.gateway.clients.upstream import prepared_upstream
from tests.server import Client, Server, running_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with prepared_upstream() as upstream, running_server(tmp_path_factory.mktemp("clients")) as server:
        for name, dialect in (("prepared", "openai-chat"), ("responses", "openai-responses")):
            server.manage("connection", "add", name, "--dialect", dialect, "--base-url", upstream, "--allow-private")
        yield server


@pytest.fixture(scope="module")
def person(server: Server) -> Iterator[Client]:
    """REST as the person whose token the clients use: what they got can be compared with what was recorded."""
    client = Client(server)
    yield client
    client.close()


@pytest.fixture(scope="module")
def base_url(server: Server) -> str:
    return f"{server.base_url}/v1"
