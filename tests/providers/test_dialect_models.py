"""`Model` with every dialect, against a server that speaks it: what a script gets."""

from collections.abc import Iterator

import pytest

from playground.providers.chunk import Chunk
from playground.providers.dialects import DIALECTS, dialect
from playground.providers.endpoint import Endpoint, RetryPolicy
from playground.providers.errors import ProviderError
from playground.providers.http import UpstreamClient
from playground.providers.listing import list_models
from playground.providers.model import Model
from tests.providers.dialect_fixtures import FOLDER, fixture, fixtures, manifest
from tests.providers.fixture_server import FixtureServer, running_fixture_server

every_dialect = pytest.mark.parametrize("name", [name for name in DIALECTS if (FOLDER / name).is_dir()])


@pytest.fixture(scope="module")
def served() -> Iterator[FixtureServer]:
    with running_fixture_server() as server:
        yield server


def model(served: FixtureServer, name: str) -> Model:
    endpoint = Endpoint(
        name, served.base_url(name), api_key="secret", allow_private=True, retry=RetryPolicy(attempts=1)
    )
    return Model(model="m", endpoint=endpoint)


@every_dialect
def test_stream(served: FixtureServer, name: str) -> None:
    expected = fixture(name, "text")
    with model(served, name) as spoken:
        chunks = list(spoken.stream("Hi"))
    assert "".join(chunks) == expected.text
    last = chunks[-1]
    assert last.finish_reason == expected.finish_reason
    assert last.usage == next((data for kind, data in reversed(expected.parts) if kind == "usage"), None)
    assert not any(chunk.one_chunk for chunk in chunks)


@every_dialect
def test_usage_has_the_same_names_everywhere(served: FixtureServer, name: str) -> None:
    if not any(kind == "usage" for kind, _ in fixture(name, "text").parts):
        return
    with model(served, name) as spoken:
        usage = list(spoken.stream("Hi"))[-1].usage_metadata
    assert usage is not None
    assert usage["input_tokens"] > 0
    assert usage["output_tokens"] > 0
    assert usage["total_tokens"] >= usage["input_tokens"] + usage["output_tokens"]


@every_dialect
def test_invoke(served: FixtureServer, name: str) -> None:
    expected = fixture(name, "whole")
    with model(served, name) as spoken:
        answer = spoken.invoke("Hi")
    assert (str(answer), answer.finish_reason) == (expected.text, expected.finish_reason)


@every_dialect
def test_an_error_in_the_stream_raises_after_what_came_before(served: FixtureServer, name: str) -> None:
    expected = fixture(name, "error")
    came: list[str] = []
    with model(served, name) as spoken, pytest.raises(ProviderError) as raised:
        came.extend(spoken.stream("fixture=error"))  # keeps what it got before it was interrupted
    assert raised.value.code == expected.error
    assert "".join(came) == expected.text


@every_dialect
def test_every_fixture_streams_through_the_driver(served: FixtureServer, name: str) -> None:
    with model(served, name) as spoken:
        for expected in (found for found in fixtures(name) if found.error is None and not found.is_whole):
            answer = Chunk.total(spoken.stream(f"fixture={expected.name}"))
            data = [one for kind, one in expected.parts if kind == "chunk" and isinstance(one, dict)]
            assert answer == expected.text, expected
            assert answer.reasoning == "".join(one.get("reasoning", "") for one in data), expected
            assert answer.refusal == "".join(one.get("refusal", "") for one in data), expected
            assert list(answer.citations) == [cited for one in data for cited in one.get("citations", ())], expected
            arguments = "".join(one.get("tool_call", {}).get("arguments", "") for one in data)
            assert "".join(call.get("arguments", "") for call in answer.tool_calls) == arguments, expected


@every_dialect
async def test_models_are_listed(name: str, http: UpstreamClient, served: FixtureServer) -> None:
    listed = await list_models(model(served, name).endpoint, http=http)
    models = manifest(name)["models"]
    assert listed == (models["names"] if models else dialect(name).read_models(b""))
