"""`/metrics`, asked of a real server as Prometheus asks."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import orjson
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.server import ROOT, Client, Server, running_server

TOKEN = "only-for-prometheus"
KEY = "canary-key-sk-123456"
PROMPT = "canary prompt, which is nobody's business"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    environment = {"PLAYGROUND_METRICS_TOKEN": TOKEN, "PLAYGROUND_LOG_FORMAT": "json", "CANARY_KEY": KEY}
    with running_server(tmp_path_factory.mktemp("metrics"), **environment) as server:
        yield server


def scrape(server: Server) -> dict[str, float]:
    """Samples by name and labels: `playground_runs_ended_total{status=completed}`."""
    answer = httpx.get(f"{server.base_url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    return {
        sample.name + "".join(f"{{{name}={value}}}" for name, value in sample.labels.items()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_only_who_brings_the_token_reads_them(server: Server) -> None:
    address = f"{server.base_url}/metrics"
    assert httpx.get(address).status_code == 401
    assert httpx.get(address, headers={"Authorization": "Bearer wrong"}).status_code == 401


def test_they_count_what_runs_do(server: Server) -> None:
    client = Client(server, "counted")
    before = scrape(server)
    client.wait(client.post_run("sim/sim-n20-r0-d0")["id"])
    client.wait(client.post_run("sim/sim-e401-n20-r0-d0")["id"])
    live = client.post_run("sim/sim-n100000-r20-d0")
    with client.socket() as socket:
        socket.send(orjson.dumps({"op": "subscribe", "run": live["id"], "after": -1}).decode())
        while orjson.loads(socket.recv(10))["op"] != "frame":
            pass
        during = scrape(server)
        assert during["playground_live_runs"] == 1
        assert during["playground_viewers"] == 1
        assert during["playground_queue_bytes"] > 0
    client.http.post(f"/runs/{live['id']}/cancel")
    client.wait(live["id"])
    after = scrape(server)

    def grown(name: str) -> float:
        return after.get(name, 0) - before.get(name, 0)

    for status in ("completed", "failed", "cancelled"):
        assert grown(f"playground_runs_ended_total{{status={status}}}") == 1, status
    assert grown("playground_run_errors_total{code=not_authenticated}") == 1
    assert grown("playground_chunks_total") >= 21
    assert grown("playground_tokens_total{kind=completion}") >= 20
    assert grown("playground_commit_seconds_count") >= 3
    assert after["playground_live_runs"] == 0
    assert after["playground_database_up"] == 1
    client.close()


def test_the_manual_lists_them_all(server: Server) -> None:
    listed = set(re.findall(r"^\| `(playground_\w+)`", (ROOT / "docs" / "operating.md").read_text(), re.MULTILINE))
    served = {name.partition("{")[0] for name in scrape(server) if name.startswith("playground_")}
    plain = {re.sub(r"_(bucket|count|sum)$", "", name) for name in served}
    elsewhere = {"playground_redis_up", "playground_run_errors_total"}  # with Redis; with the first error
    assert plain | elsewhere == listed


def test_lines_of_the_log_name_their_run_and_hold_no_secret(server: Server) -> None:
    base_url = f"{server.base_url}/nothing-here"
    server.manage(
        *("connection", "add", "gone", "--dialect", "openai-chat", "--base-url", base_url, "--model", "m"),
        *("--key-env", "CANARY_KEY", "--allow-private"),
    )
    client = Client(server, "logged")
    runs = [client.post_run("sim/sim-n20-r0-d0", PROMPT), client.post_run("gone/m", PROMPT)]
    texts = [client.wait(run["id"])["text"] for run in runs]
    server.wait_for_line('"A run ended as failed."')
    lines = [orjson.loads(line) for line in server.output if line.startswith("{")]
    ends = {line["run"]: line for line in lines if line["message"].startswith("A run ended")}
    assert ends[runs[0]["id"]]["status"] == "completed"
    assert ends[runs[1]["id"]]["error_code"] == client.run(runs[1]["id"])["error"]["code"]
    whole = "".join(server.output)
    for secret in (KEY, PROMPT, texts[0], client.token, TOKEN):
        assert secret
        assert secret not in whole
    client.close()


def test_a_wrong_format_stops_the_start(tmp_path: Path) -> None:
    server = Server(tmp_path, PLAYGROUND_LOG_FORMAT="xml")
    with pytest.raises(AssertionError, match="PLAYGROUND_LOG_FORMAT must be one of line, json"):
        server.manage("check")
