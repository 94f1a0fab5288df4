"""The gateway × everybody who may ask. It stands before Django's addresses, so the table of routes does not know it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
import pytest

from tests.access.cast import MEMBERS, Who
from tests.server import Server, running_server

YES, SIGN_IN, FORBIDDEN, UNKNOWN = 200, 401, 403, 404
NOBODY = dict.fromkeys((Who.ANONYMOUS, Who.LINK, Who.REVOKED, Who.EXPIRED), SIGN_IN)
Rule = Mapping[Who, int]


def rule(*let_in: Who, members: int = FORBIDDEN, stranger: int = YES) -> Rule:
    return {**NOBODY, **dict.fromkeys(MEMBERS, members), Who.STRANGER: stranger, **dict.fromkeys(let_in, YES)}


MEMBER = rule(*MEMBERS)  # of whatever workspace the token is of
EDITOR = rule(Who.EDITOR, Who.OWNER, Who.AUTHOR)
CHAT = {"model": "sim/sim-n2-r0-d0", "messages": [{"role": "user", "content": "Hi"}]}


@dataclass(frozen=True)
class Ask:
    method: str
    path: str
    rule: Rule
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


ASKS = [
    Ask("GET", "/models", MEMBER),
    Ask("GET", "/models/sim/sim-n2-r0-d0", MEMBER),
    Ask("GET", "/models/inside/m", rule(*MEMBERS, stranger=UNKNOWN)),
    Ask("POST", "/chat/completions", EDITOR, CHAT),
    Ask("POST", "/chat/completions", EDITOR, {**CHAT, "stream": True}),
    Ask("POST", "/completions", EDITOR, {"model": CHAT["model"], "prompt": "Hi"}),
    Ask("POST", "/chat/completions", {**EDITOR, Who.STRANGER: UNKNOWN}, {**CHAT, "model": "inside/refused"}),
    *(
        Ask(
            "POST",
            "/chat/completions",
            rule(Who.AUTHOR, members=UNKNOWN, stranger=UNKNOWN),
            CHAT,
            {"x-playground-session": which},
        )
        for which in ("workspace", "private")
    ),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("gateway")) as server:
        yield server


@pytest.fixture(scope="module")
def world(server: Server) -> dict[str, dict[str, str]]:
    script = "from tests.access.gateway_world import build; build()"
    found: dict[str, dict[str, str]] = orjson.loads(server.manage("shell", "-v0", "-c", script))
    return found


@pytest.mark.parametrize("ask", ASKS, ids=lambda ask: f"{ask.method} {ask.path} {dict(ask.headers)}")
def test_everybody_gets_the_answer_of_the_table(server: Server, world: dict[str, dict[str, str]], ask: Ask) -> None:
    got = {}
    for who in Who:
        token = world["tokens"].get(who)
        headers = {name: world["sessions"][which] for name, which in ask.headers.items()}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        response = httpx.request(ask.method, f"{server.base_url}/v1{ask.path}", json=ask.body, headers=headers)
        # The connection leads nowhere: who may use it learns that, and has a run of it.
        got[who] = YES if response.status_code == 502 else response.status_code
    assert got == dict(ask.rule)


def test_what_another_workspace_has_is_not_listed(server: Server, world: dict[str, dict[str, str]]) -> None:
    headers = {"Authorization": f"Bearer {world['tokens'][Who.STRANGER]}"}
    listed = httpx.get(f"{server.base_url}/v1/models", headers=headers).json()["data"]
    assert listed
    assert all(model["owned_by"] != "inside" for model in listed)
