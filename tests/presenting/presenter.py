"""A presenter at a browser without scripts, and an audience on sockets, against a real server."""

import re
import time
from collections.abc import Callable
from typing import Any

import httpx
import orjson
from websockets.sync.client import ClientConnection, connect

from tests.server import Server

PATIENCE_S = 30.0


class Presenter:
    """Signed in by the link that the server printed."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.http = httpx.Client(base_url=server.base_url, follow_redirects=True, timeout=PATIENCE_S)
        link = _until(lambda: re.search(r"http://\S+/sign-in/link/\S+", "".join(server.output)))[0]
        token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', self.http.get(link).text)
        assert token
        self.http.post(link, data={"csrfmiddlewaretoken": token[1]}).raise_for_status()
        self.http.get("/")

    def post(self, path: str, *, as_json: bool = False, **data: Any) -> httpx.Response:
        headers = {"X-CSRFToken": self.http.cookies.get("csrftoken") or ""}
        if as_json:
            headers["Accept"] = "application/json"
        answer = self.http.post(path, data=data, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer

    def send(self, *models: str, session: str = "", prompt: str = "Hello") -> str:
        """Send a prompt, and wait until it is answered; returns the path of its session."""
        path = self.post("/turns/", prompt=prompt, model=list(models), session=session.strip("/")[9:]).url.path
        _until(lambda: "data-live" not in self.http.get(path).text)
        return path

    def start(self, session: str, **data: Any) -> None:
        values = {"title": "", "mode": "replay", "patience_s": 10, **data}
        self.path = self.post(f"{session}present/", **values).url.path
        found = re.search(r"/a/(\w+)/", self.http.get(self.path).text)
        assert found
        self.code = found[1]

    @property
    def room(self) -> str:
        return f"show:{self.path.strip('/').split('/')[1]}"

    def do(self, action: str) -> dict[str, Any]:
        state: dict[str, Any] = self.post(f"{self.path}do/", as_json=True, do=action).json()
        return state

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = self.http.get(f"{self.path}state/").json()
        return state

    def wait_for_kind(self, kind: str) -> dict[str, Any]:
        """Until the first lane shows such an answer; returns the lane."""
        lane: dict[str, Any] = _until(
            lambda: next((lane for lane in self.state()["lanes"][:1] if lane["kind"] == kind), None)
        )
        return lane

    def wait_for_text(self, path: str, *texts: str) -> str:
        """Until the page has all of them; returns the page."""

        def page() -> str:
            html = self.http.get(path).text
            return html if all(text in html for text in texts) else ""

        found: str = _until(page)
        return found

    def audience(self) -> ClientConnection:
        return connect(f"{self.server.ws_url}?share={self.code}", proxy=None, max_size=None)


def hear(socket: ClientConnection, op: str, **wanted: Any) -> dict[str, Any]:
    """The next message of that kind; others are passed over."""
    while True:
        message: dict[str, Any] = orjson.loads(socket.recv(PATIENCE_S))
        if message["op"] == op and all(message.get(name) == value for name, value in wanted.items()):
            return message


def say(socket: ClientConnection, **message: Any) -> None:
    socket.send(orjson.dumps(message).decode())


def _until(ask: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if found := ask():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come to pass")
