from collections.abc import AsyncIterator

import pytest

from playground.providers.http import UpstreamClient


@pytest.fixture
async def http() -> AsyncIterator[UpstreamClient]:
    async with UpstreamClient() as client:
        yield client
