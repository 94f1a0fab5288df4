from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest

from tests.gateway.upstream import Scripted, scripted_upstream
from tests.server import Client, Server, running_server

DIALECTS = {"chat": "openai-chat", "old": "openai-completions"}
HELLO = [{"role": "user", "content": "Hello"}]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("gateway")) as server:
        yield server


@pytest.fixture(scope="session")
def api_client(server: Server) -> Iterator[Client]:
    client = Client(server)
    yield client
    client.close()


@pytest.fixture(scope="session")
def up(server: Server) -> Iterator[Scripted]:
    """What the connections named in DIALECTS lead to."""
    with scripted_upstream() as scripted:
        for name, dialect in DIALECTS.items():
            add = ("connection", "add", name, "--dialect", dialect, "--base-url", scripted.base_url)
            server.manage(*add, "--allow-private")
        yield scripted


class Gateway:
    """A program that calls the gateway. Each call returns what came; `last` is the whole answer."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.http = httpx.Client(base_url=f"{client.server.base_url}/v1", headers=client.headers, timeout=60)
        self.last = httpx.Response(0)

    def post(self, path: str, body: dict[str, Any], **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.last = self.http.post(path, content=orjson.dumps(body), headers=named)
        return self.last

    def chat(self, model: str = "chat/m", **fields: Any) -> Any:
        """A whole answer, or its error."""
        return self.post("/chat/completions", {"model": model, "messages": HELLO, **fields}).json()

    def stream(self, model: str = "chat/m", path: str = "/chat/completions", **fields: Any) -> list[Any]:
        """The objects of a streamed answer, and "[DONE]" where it is said."""
        asked = {"messages": HELLO} if path == "/chat/completions" else {"prompt": "Hello"}
        response = self.post(path, {"model": model, "stream": True, **asked, **fields})
        assert response.status_code == 200, response.text
        return frames(response.content)

    @property
    def run(self) -> dict[str, Any]:
        """The recorded run of the last call."""
        return self.client.run(self.last.headers["x-playground-run"])


def frames(content: bytes) -> list[Any]:
    blocks = [block for block in content.decode().split("\n\n") if block and not block.startswith(":")]
    data = [block.partition("data: ")[2] for block in blocks]
    return [text if text == "[DONE]" else orjson.loads(text) for text in data]


def text_of(objects: list[Any]) -> str:
    choices = (one["choices"][0] for one in objects if isinstance(one, dict) and one.get("choices"))
    return "".join(choice.get("text", choice.get("delta", {}).get("content")) or "" for choice in choices)


@pytest.fixture(scope="session")
def gateway(api_client: Client) -> Iterator[Gateway]:
    gateway = Gateway(api_client)
    yield gateway
    gateway.http.close()
