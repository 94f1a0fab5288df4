"""One server for all clients, a token of a person on it, and connections to providers with prepared answers."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from openai import OpenAI

from playground.providers.dialects import DIALECTS
from tests.gateway.clients.upstream import prepared_upstream
from tests.providers.fixture_server import running_fixture_server
from tests.server import Client, Server, running_server


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with ExitStack() as stack:
        upstream = stack.enter_context(prepared_upstream())
        fixtures = stack.enter_context(running_fixture_server())
        server = stack.enter_context(running_server(tmp_path_factory.mktemp("clients")))
        connections = {f"fixture-{name}": (name, fixtures.base_url(name)) for name in DIALECTS}
        connections["prepared"] = ("openai-chat", upstream)
        connections["responses"] = ("openai-responses", upstream)
        server.manage("shell", "-v0", "-c", "\n".join(adding(name, *how) for name, how in connections.items()))
        yield server


def adding(name: str, dialect: str, base_url: str) -> str:
    """Python that does what `manage.py connection add` does, for many to be added by one process."""
    words = ["connection", "add", name, "--dialect", dialect, "--base-url", base_url, "--allow-private"]
    return f"from django.core.management import call_command; call_command(*{words!r})"


@pytest.fixture(scope="package")
def person(server: Server) -> Iterator[Client]:
    """REST as the person whose token the clients use: what they got can be compared with what was recorded."""
    client = Client(server)
    yield client
    client.close()


@pytest.fixture(scope="package")
def base_url(server: Server) -> str:
    return f"{server.base_url}/v1"


@pytest.fixture
def client(base_url: str, person: Client) -> Iterator[OpenAI]:
    with OpenAI(base_url=base_url, api_key=person.token, max_retries=0) as client:
        yield client
