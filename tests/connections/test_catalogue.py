import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from playground.connections.catalogue import list_models, resolve
from playground.errors import InvalidField
from playground.providers.endpoint import RetryPolicy, Timeouts
from playground.workspaces.models import Workspace
from tests.factories import make_connection, make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


def message_of(workspace: Workspace, model_id: str) -> str:
    with pytest.raises(InvalidField) as caught:
        resolve(workspace, model_id)
    assert caught.value.field == "model"
    return caught.value.message


def test_a_workspace_has_its_own_models_and_the_built_in_ones(
    workspace: Workspace, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_connection(workspace, "openai", model_names=["gpt-4o", "gpt-4o-mini"])
    make_connection(make_workspace(), "theirs", model_names=["m"])
    with django_assert_num_queries(1):
        models = {model.id: model for model in list_models(workspace)}
    assert list(models)[:3] == ["openai/gpt-4o", "openai/gpt-4o-mini", "local/smollm2-135m"]
    assert models["local/smollm2-135m"].label == "SmolLM2 135M — tiny demo model"
    simulated = [model for model in models.values() if model.simulated]
    assert simulated
    assert all(model.connection == "sim" and "imulated" in model.label for model in simulated)


def test_every_listed_model_resolves(workspace: Workspace) -> None:
    make_connection(workspace, "openai", model_names=["gpt-4o"])
    for model in list_models(workspace):
        resolved = resolve(workspace, model.id)
        assert (resolved.connection, resolved.model, resolved.kind) == (model.connection, model.model, model.kind)


def test_an_id_splits_at_its_first_slash(workspace: Workspace) -> None:
    make_connection(workspace, "router")
    resolved = resolve(workspace, "router/meta/llama-3/8b")
    assert (resolved.connection, resolved.model) == ("router", "meta/llama-3/8b")


def test_a_connection_becomes_an_endpoint(workspace: Workspace) -> None:
    make_connection(
        workspace,
        "c",
        base_url="http://127.0.0.1:9/v1",
        api_key="canary-key",
        timeouts={"connect": 1.5},
        retry={"attempts": 5, "statuses": [500]},
        supports_streaming=False,
    )
    resolved = resolve(workspace, "c/m")
    endpoint = resolved.endpoint
    assert endpoint is not None
    assert endpoint.api_key == "canary-key"
    assert endpoint.timeouts == Timeouts(connect=1.5)
    assert endpoint.retry == RetryPolicy(attempts=5, statuses=frozenset({500}))
    assert not endpoint.supports_streaming
    assert "canary" not in repr(resolved) + repr(endpoint)


@pytest.mark.parametrize("model_id", ["", "gpt-4o", "/", "c/", "/m", "c"])
def test_what_is_no_id_is_told_how_one_looks(workspace: Workspace, model_id: str) -> None:
    assert message_of(workspace, model_id).startswith("A model is written CONNECTION/MODEL. Use one of: ")


def test_an_unknown_model_is_told_what_exists(workspace: Workspace) -> None:
    make_connection(workspace, "openai", model_names=["gpt-4o"])
    make_connection(workspace, "open")
    for model_id in ("opneai/gpt-4o", "openai/gpt-5", "local/other"):
        message = message_of(workspace, model_id)
        assert message.startswith(f"There is no model “{model_id}” here. Use one of: openai/gpt-4o, ")


def test_anothers_connection_does_not_exist(workspace: Workspace) -> None:
    make_connection(make_workspace(), "theirs")
    assert "theirs/…" not in message_of(workspace, "theirs/m")


def test_a_wrong_name_of_a_simulated_model_is_told_how_names_are_made(workspace: Workspace) -> None:
    assert "sim-n256-r50-d100" in message_of(workspace, "sim/sim-banana")


def test_secrets_that_cannot_be_read_are_the_models_fault(workspace: Workspace, settings: Settings) -> None:
    make_connection(workspace, "c", api_key="canary-key")
    settings.SECRET_KEY = "lost" * 20
    message = message_of(workspace, "c/m")
    assert "SECRET_KEY has changed" in message
    assert "canary" not in message
