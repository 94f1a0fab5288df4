"""The embedded model's process, with the real model."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import psutil
import pytest

from playground.connections import runtime
from playground.connections.catalogue import ResolvedModel
from playground.connections.embedded import CONTEXT, DEFAULT_MAX_TOKENS, MODEL_NAME, SLOTS, lockfile
from playground.connections.embedded.errors import EmbeddedModelUnavailable
from playground.connections.embedded.lockfile import Address
from playground.connections.embedded.probe import Probe
from playground.connections.embedded.supervisor import EmbeddedModel
from playground.providers.dialects.base import HttpRequest
from playground.providers.endpoint import Endpoint
from playground.providers.http import UpstreamClient

pytestmark = pytest.mark.model

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0
RESOLVED = ResolvedModel("local/smollm2-135m", "local", MODEL_NAME, "embedded", "openai-chat")


class Notices(list[tuple[str, dict[str, Any]]]):
    def __call__(self, code: str, message: str, **data: Any) -> None:
        self.append((code, {"message": message, **data}))

    def codes(self) -> list[str]:
        return list(dict.fromkeys(code for code, _ in self))


@pytest.fixture
async def http() -> AsyncIterator[UpstreamClient]:
    async with UpstreamClient() as http:
        yield http


@pytest.fixture
async def model(tmp_path: Path) -> AsyncIterator[EmbeddedModel]:
    async with EmbeddedModel(tmp_path, idle_s=600) as model:
        yield model


def endpoint(address: Address) -> Endpoint:
    return Endpoint("openai-chat", address.base_url, api_key=address.key, allow_private=True)


@asynccontextmanager
async def generating(
    http: UpstreamClient, address: Address, max_tokens: int | None = 1000
) -> AsyncIterator[AsyncIterator[bytes]]:
    """The reads of an answer, once its first token has come."""
    body = {
        "model": MODEL_NAME,
        "messages": [{"role": "user", "content": "Tell me a very long story."}],
        "stream": True,
        **({"max_tokens": max_tokens} if max_tokens else {}),
        "logit_bias": [[2, False]],  # never the end marker
    }
    headers = {"authorization": f"Bearer {address.key}"}
    request = HttpRequest("POST", "/chat/completions", headers, orjson.dumps(body))
    async with http.stream(request, endpoint(address)) as response:
        assert response.status == 200
        reads = response.aiter_raw()
        async for raw in reads:
            if b'"content":"' in raw:
                break
        yield reads


def child_pids(parent: int | None = None) -> list[int]:
    children = psutil.Process(parent).children(recursive=True)
    return [child.pid for child in children if "playground.connections.embedded.child" in " ".join(child.cmdline())]


async def until(happened: Callable[[], object]) -> None:
    """For what another process does, which sends us no event."""
    async with asyncio.timeout(PATIENCE):
        while not happened():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def gone(pid: int) -> None:
    await until(lambda: not psutil.pid_exists(pid))


async def test_the_first_use_starts_it_and_a_token_comes(model: EmbeddedModel, http: UpstreamClient) -> None:
    notices = Notices()
    async with asyncio.timeout(PATIENCE), model.use(notices) as address, generating(http, address, 8) as reads:
        assert b"[DONE]" in b"".join([raw async for raw in reads])
    assert notices.codes() == ["model.loading"]
    progress = [data["progress"] for _, data in notices]
    assert progress == sorted(progress)
    assert progress[-1] == 1.0
    notices.clear()
    async with model.use(notices):
        assert not notices, "it runs already"


async def test_its_limits_and_its_door(model: EmbeddedModel, http: UpstreamClient) -> None:
    async with model.use(Notices()) as address:
        with_key = HttpRequest("GET", "/models", {"authorization": f"Bearer {address.key}"})
        async with http.stream(with_key, endpoint(address)) as response:
            listing = orjson.loads(await response.read(100_000, PATIENCE))
        async with http.stream(HttpRequest("GET", "/models", {}), endpoint(address)) as response:
            assert response.status in {200, 401}
        without = Endpoint("openai-chat", address.base_url, allow_private=True)
        async with http.stream(HttpRequest("GET", "/models", {}), without) as response:
            assert response.status == 401
    (entry,) = listing["data"]
    assert entry["id"] == MODEL_NAME
    assert entry["meta"]["n_ctx"] == CONTEXT
    assert str(ROOT) not in str(listing), "no path of this machine"


async def test_an_answer_ends_where_the_request_sets_no_limit(model: EmbeddedModel, http: UpstreamClient) -> None:
    async with model.use(Notices()) as address, generating(http, address, max_tokens=None) as reads:
        end = b"".join([raw async for raw in reads])[-1500:]
    assert b'"finish_reason":"length"' in end
    assert f'"predicted_n":{DEFAULT_MAX_TOKENS}'.encode() in end


async def test_stopping_an_answer_frees_its_place(model: EmbeddedModel, http: UpstreamClient) -> None:
    assert SLOTS == 2
    async with (
        asyncio.timeout(PATIENCE),
        model.use(Notices()) as address,
        generating(http, address) as first,
    ):
        async with generating(http, address):
            pass  # both places were taken, and this one has just been given up
        async with generating(http, address, 8) as third:
            async for _ in third:
                pass
        assert b"[DONE]" not in await anext(first), "the first one is still at it"


async def test_a_third_run_is_told_that_it_waits(model: EmbeddedModel) -> None:
    waiting = Notices()
    async with model.use(Notices()), model.use(Notices()):
        third = asyncio.create_task(_use(model, waiting))
        await until(lambda: waiting)
    assert waiting.codes() == ["model.waiting"]
    await third


async def test_after_a_crash_the_run_is_told_why_and_the_next_one_starts_it_again(
    model: EmbeddedModel, http: UpstreamClient
) -> None:
    notices = Notices()
    async with asyncio.timeout(PATIENCE), model.use(notices) as first:
        (pid,) = child_pids()
        os.kill(pid, signal.SIGSEGV)
        await gone(pid)
    code, data = notices[-1]
    assert code == "model.crashed"
    assert "signal 11 ended it" in data["message"]
    async with asyncio.timeout(PATIENCE), model.use(Notices()) as second, generating(http, second, 4):
        assert second != first


async def test_it_stops_when_idle(tmp_path: Path) -> None:
    async with asyncio.timeout(PATIENCE), EmbeddedModel(tmp_path, idle_s=0.05) as model:
        async with model.use(Notices()):
            (pid,) = child_pids()
        await gone(pid)
        async with model.use(Notices()):
            assert child_pids()


async def test_processes_of_a_host_share_one_child(tmp_path: Path) -> None:
    """Locks belong to open files, so two supervisors in one process stand for two processes."""
    async with asyncio.timeout(PATIENCE), EmbeddedModel(tmp_path, idle_s=0.05) as owner:
        async with EmbeddedModel(tmp_path, idle_s=0.05) as guest:
            async with owner.use(Notices()) as address:
                (pid,) = child_pids()
                async with guest.use(Notices()) as same:
                    assert same == address
                    assert child_pids() == [pid]
            async with guest.use(Notices()) as same:
                assert same == address
        assert child_pids() == [pid], "a guest that leaves does not stop it"
        await gone(pid)


async def test_simultaneous_first_uses_start_one_child(tmp_path: Path) -> None:
    async with EmbeddedModel(tmp_path, idle_s=600) as one, EmbeddedModel(tmp_path, idle_s=600) as two:
        starts = [asyncio.create_task(_address(model)) for model in (one, two)]
        first, second = await asyncio.gather(*starts)
        assert first == second
        assert len(child_pids()) == 1


async def test_leaving_while_it_loads_does_no_harm(model: EmbeddedModel) -> None:
    notices = Notices()
    starting = asyncio.create_task(_use(model, notices))
    await until(lambda: "loading" in (data.get("stage") for _, data in notices))
    starting.cancel()
    await asyncio.wait({starting})
    async with asyncio.timeout(PATIENCE), model.use(Notices()):
        assert len(child_pids()) == 1


async def test_closing_while_it_loads_leaves_no_process(tmp_path: Path) -> None:
    async with EmbeddedModel(tmp_path, idle_s=600) as model:
        starting = asyncio.create_task(_use(model, Notices()))
        await until(child_pids)
        (pid,) = child_pids()
        starting.cancel()
        await asyncio.wait({starting})
    await gone(pid)


async def test_a_killed_parent_leaves_no_orphan(tmp_path: Path) -> None:
    program = f"""
import asyncio
from pathlib import Path
from playground.connections.embedded.supervisor import EmbeddedModel

async def main():
    async with EmbeddedModel(Path({str(tmp_path)!r}), idle_s=600) as model:
        async with model.use(lambda *args, **data: None):
            print("ready", flush=True)
            await asyncio.Event().wait()

asyncio.run(main())
"""
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=subprocess.PIPE, cwd=ROOT)
    assert parent.stdout is not None
    async with asyncio.timeout(PATIENCE):
        assert await parent.stdout.readline() == b"ready\n"
        (pid,) = child_pids(parent.pid)
        parent.kill()
        await parent.wait()
        await gone(pid)
    assert lockfile.read(lockfile.lock_path(tmp_path)).held is False


async def test_the_child_ends_with_status_0_on_sigterm_and_ignores_ctrl_c(tmp_path: Path) -> None:
    lock = lockfile.lock_path(tmp_path)
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "playground.connections.embedded.child", str(lock)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert child.stdout is not None
    async with asyncio.timeout(PATIENCE):
        reports = [orjson.loads(await child.stdout.readline())["stage"] for _ in range(3)]
        assert reports == ["loading", "warming", "ready"]
        child.send_signal(signal.SIGINT)
        child.terminate()
        assert await child.wait() == 0


async def test_where_it_cannot_run_it_says_why_and_offers_the_simulator(tmp_path: Path) -> None:
    async with EmbeddedModel(tmp_path, idle_s=600, can_run=Probe("The demo model needs AVX2.")) as model:
        with pytest.raises(EmbeddedModelUnavailable, match=r"needs AVX2\. Until then, sim/sim-n256-r50-d100"):
            await _use(model, Notices())


async def test_a_runtime_opens_it(tmp_path: Path, http: UpstreamClient) -> None:
    async with runtime.Runtimes(data_dir=tmp_path, model_idle_s=600) as runtimes:
        async with asyncio.timeout(PATIENCE), runtimes.open(RESOLVED, Notices()) as opened:
            assert opened.retry.attempts == 1
            assert opened.api_key not in repr(opened)
            async with http.stream(HttpRequest("GET", "/models", {}), opened) as response:
                assert response.status in {200, 401}
        (pid,) = child_pids()
    await gone(pid)


async def _address(model: EmbeddedModel) -> Address:
    async with model.use(Notices()) as address:
        return address


async def _use(model: EmbeddedModel, notices: Notices) -> None:
    async with model.use(notices):
        pass
