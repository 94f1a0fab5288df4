"""The table of OpenAI-compatible servers, and what stands in it that their fixtures must show."""

import pytest

from playground.providers.dialects.openai_quirks import SERVERS, Server
from tests.providers.dialect_fixtures import fixtures


@pytest.mark.parametrize("server", SERVERS, ids=lambda server: server.name)
def test_every_server_has_a_fixture_that_shows_its_quirks(server: Server) -> None:
    shown = [found for found in fixtures("openai-chat") if found.name.startswith(server.name)]
    assert shown
    raw = b"".join(found.raw for found in shown)
    members = [path[-1] for path in (*server.usage, *server.errors, *server.citations, *server.cited)]
    if server.name != "openai":  # whose own are in many fixtures
        assert [name for name in (*server.reasoning, *members) if b'"%s":' % name.encode() not in raw] == []
    comments = {data.get("comment") for found in shown for kind, data in found.parts if kind == "keepalive"}
    assert comments == set(server.keepalives)
