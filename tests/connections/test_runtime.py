import asyncio
import os
from pathlib import Path
from typing import Any

from playground.connections.catalogue import ResolvedModel
from playground.connections.runtime import Runtimes
from playground.providers.endpoint import Endpoint

SIMULATED = ResolvedModel("sim/sim", "sim", "sim", "simulator", "openai-chat")


def silent(code: str, message: str, **data: Any) -> None:
    raise AssertionError(f"unexpected notice {code}: {message}")


async def test_one_simulator_serves_all(tmp_path: Path) -> None:
    async with Runtimes(data_dir=tmp_path, model_idle_s=600) as runtimes:

        async def opened() -> Endpoint:
            async with runtimes.open(SIMULATED, silent) as endpoint:
                return endpoint

        first, second = await asyncio.gather(opened(), opened())
        assert first == second
        assert first.allow_private
        assert first.api_key not in repr(first)
        host, port = first.base_url.removeprefix("http://").removesuffix("/v1").split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.close()
        await writer.wait_closed()


async def test_a_connection_is_its_own_endpoint(tmp_path: Path) -> None:
    endpoint = Endpoint("openai-chat", "https://api.example.com/v1")
    resolved = ResolvedModel("c/m", "c", "m", "connection", "openai-chat", endpoint)
    async with Runtimes(data_dir=tmp_path, model_idle_s=600) as runtimes, runtimes.open(resolved, silent) as opened:
        assert opened is endpoint
    assert not os.listdir(tmp_path), "nothing was started"  # noqa: PTH208
