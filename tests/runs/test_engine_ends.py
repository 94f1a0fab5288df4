"""The engine leaves nothing behind, whatever its sockets do."""

import asyncio
from typing import cast

import pytest

from playground.runs.consumers import RunConsumer
from playground.runs.engine import Engine, EngineConfig


class Closed:
    """A socket that its server has closed, and does not close again."""

    viewing = 0
    pending_bytes = 0

    async def restart(self) -> None:
        raise RuntimeError("Cannot call “send” once a close message has been sent.")

    async def tell(self, _text: str) -> None:
        pass


@pytest.mark.django_db(transaction=True)
async def test_a_socket_that_cannot_be_closed_is_no_reason_to_go_on(caplog: pytest.LogCaptureFixture) -> None:
    before = asyncio.all_tasks()
    async with Engine(EngineConfig(max_runs=1, run_deadline_s=1, sole_owner=True)) as engine:
        engine.sockets.add(cast("RunConsumer", Closed()))
    assert asyncio.all_tasks() == before
    assert "A socket could not be told that this server stops" in caplog.text
