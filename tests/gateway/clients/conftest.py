"""One server for all clients, a token of a person on it, and connections to providers with prepared answers."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from openai import OpenAI

from playground.providers.dialects import DIALECTS
from tests.gateway.clients.upstream import prepared_upstream
from tests.providers.fixture_server import running_fixture_server
from tests.server import Client, Server, running_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with ExitStack() as stack:
        upstream = stack.enter_context(prepared_upstream())
        fixtures = stack.enter_context(running_fixture_server())
        server = stack.enter_context(running_server(tmp_path_factory.mktemp("clients")))
        connect(server, "prepared", "openai-chat", upstream)
        connect(server, "responses", "openai-responses", upstream)
        for dialect in DIALECTS:
            connect(server, f"fixture-{dialect}", dialect, fixtures.base_url(dialect))
        yield server


def connect(server: Server, name: str, dialect: str, base_url: str) -> None:
    server.manage("connection", "add", name, "--dialect", dialect, "--base-url", base_url, "--allow-private")


@pytest.fixture(scope="module")
def person(server: Server) -> Iterator[Client]:
    """REST as the person whose token the clients use: what they got can be compared with what was recorded."""
    client = Client(server)
    yield client
    client.close()


@pytest.fixture(scope="module")
def base_url(server: Server) -> str:
    return f"{server.base_url}/v1"


@pytest.fixture
def client(base_url: str, person: Client) -> Iterator[OpenAI]:
    with OpenAI(base_url=base_url, api_key=person.token, max_retries=0) as client:
        yield client
