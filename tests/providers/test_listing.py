"""Which models an endpoint has."""

import pytest

from playground.providers import errors
from playground.providers.http import UpstreamClient
from playground.providers.listing import list_models
from tests.providers.faults import answers, upstream


async def test_they_are_named_in_order(http: UpstreamClient) -> None:
    async with upstream(answers("200 OK", b'{"data":[{"id":"b"},{"id":"a"}]}')) as served:
        assert await list_models(served.endpoint(api_key="secret"), http=http) == ["b", "a"]
    assert served.calls[0].head.startswith("GET /v1/models HTTP/1.1")
    assert served.calls[0].headers()["authorization"] == "Bearer secret"


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b'{"data": 5}'])
async def test_an_answer_that_is_no_list(http: UpstreamClient, body: bytes) -> None:
    async with upstream(answers("200 OK", body)) as served:
        with pytest.raises(errors.MalformedAnswer):
            await list_models(served.endpoint(), http=http)


async def test_an_error_answer_does_not_show_the_key(http: UpstreamClient) -> None:
    async with upstream(answers("401 No", b'{"error":"no such key canary-key"}')) as served:
        with pytest.raises(errors.NotAuthenticated) as caught:
            await list_models(served.endpoint(api_key="canary-key"), http=http)
    assert "canary-key" not in repr(caught.value)
