"""“Don't record”: an answer is streamed to who watches, and nothing of it or its prompt is kept."""

import sqlite3
from pathlib import Path

import pytest

from playground.recording.events import CHUNK
from tests.server import Client, Follower, Server

SECRET = "CANARY-9f3a in the prompt"


@pytest.fixture
def run(api_client: Client) -> dict[str, str]:
    """Its tokens tell when they were made, so that no other answer has them."""
    return api_client.post_run("sim/sim-clock-n80-r400-d100", prompt=SECRET, record=False)


def test_it_streams_to_who_watches(api_client: Client, run: dict[str, str]) -> None:
    with api_client.socket() as socket:
        follower = Follower(socket, run["id"])
        text = follower.finish()
    assert len(text) > 100
    assert follower.ended is not None
    assert follower.ended["status"] == "completed"


def test_nothing_of_it_is_kept(api_client: Client, server: Server, run: dict[str, str]) -> None:
    with api_client.socket() as socket:
        follower = Follower(socket, run["id"])
        text = follower.finish()
    kept = api_client.run(run["id"])
    assert kept["status"] == "completed"
    assert kept["text"] == ""
    assert kept["metrics"]["chunks"] == sum(kind == CHUNK for _, kind, _ in follower.events)
    assert api_client.events(run["id"]) == []
    everything = dump(server.data_dir / "playground.sqlite3")
    assert SECRET not in everything
    assert text[:60] not in everything


def dump(database: Path) -> str:
    connection = sqlite3.connect(database)
    try:
        return "\n".join(line for line in connection.iterdump())
    finally:
        connection.close()


def test_the_next_prompt_of_the_session_is_recorded_again_if_one_wants(api_client: Client, run: dict[str, str]) -> None:
    again = api_client.post_run("sim/sim-en-n5-r0", prompt="Keep this.", session=run["session"])
    with api_client.socket() as socket:
        Follower(socket, again["id"]).finish()
    turns = api_client.http.get(f"/sessions/{run['session']}").json()["turns"]
    assert [turn["prompt"] for turn in turns] == ["", "Keep this."]
    assert api_client.run(again["id"])["text"]
