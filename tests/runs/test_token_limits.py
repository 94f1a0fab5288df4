"""A token opens the connections that it names, and no more than its runs a minute and its tokens a day."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from playground.errors import Forbidden, RateLimited
from playground.runs.models import Run
from playground.runs.token_limits import hold_token_limits, used_today, visible_models
from playground.workspaces.models import ApiToken
from tests.factories import make_connection, make_member, make_token, make_workspace
from tests.runs.factories import make_run, make_session, make_turn
from tests.server import Client, Follower, Server

pytestmark = pytest.mark.django_db
SIM = "sim/sim-n5-r0"


def token_with(**fields: Any) -> ApiToken:
    make_token(make_member())
    token = ApiToken.objects.latest("id")
    for name, value in fields.items():
        setattr(token, name, value)
    token.save()
    return token


def run_of(token: ApiToken, *, age: timedelta = timedelta(), **fields: Any) -> Run:
    run = make_run(make_turn(make_session(token.user)), token=token, **fields)
    Run.objects.filter(pk=run.pk).update(created_at=timezone.now() - age)
    return run


def test_a_token_without_limits_asks_nothing(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    token = token_with()
    with django_assert_num_queries(0):
        hold_token_limits(token, [SIM, "replay/x", "nonsense"])


def test_a_token_may_use_the_connections_that_it_names() -> None:
    token = token_with(connections=["sim", "replay"])
    hold_token_limits(token, [SIM, "replay/0199"])
    for other in ("local/smollm2-135m", "simulator/x", "sim2/x", "", "/sim"):
        with pytest.raises(Forbidden, match="only: sim, replay") as caught:
            hold_token_limits(token, [SIM, other])
        assert caught.value.field == "model"


def test_it_sees_the_models_that_it_may_use() -> None:
    workspace = make_workspace()
    make_connection(workspace, "up", model_names=["a"])
    make_connection(workspace, "other", model_names=["b"])
    make_connection(make_workspace(), "up", model_names=["c"])
    token = token_with(workspace=workspace, connections=["up", "local"])
    assert [info.id for info in visible_models(token)] == ["up/a", "local/smollm2-135m"]
    token.connections = []
    assert {info.connection for info in visible_models(token)} == {"up", "other", "local", "sim"}


def test_runs_a_minute_are_counted_from_the_last_minute() -> None:
    token, other = token_with(runs_per_minute=2), token_with(runs_per_minute=2)
    run_of(token, age=timedelta(seconds=61))
    run_of(token, age=timedelta(seconds=40))
    hold_token_limits(token, [SIM])
    with pytest.raises(RateLimited, match="2 runs a minute") as caught:
        hold_token_limits(token, [SIM, SIM])
    assert 0 < caught.value.retry_after <= 20, "until the older one is a minute old"
    run_of(token)
    with pytest.raises(RateLimited):
        hold_token_limits(token, [SIM])
    hold_token_limits(other, [SIM, SIM])


def test_more_lanes_than_the_limit_never_fit() -> None:
    with pytest.raises(RateLimited):
        hold_token_limits(token_with(runs_per_minute=1), [SIM, SIM])


def test_tokens_a_day_are_those_of_its_runs_of_today() -> None:
    token = token_with(tokens_per_day=100)
    run_of(token, age=timedelta(days=1, seconds=1), prompt_tokens=1000)
    run_of(token, prompt_tokens=10, completion_tokens=50)
    run_of(token, metrics={"chunks": 39})
    run_of(token)
    run_of(token_with(), prompt_tokens=1000)
    assert used_today([token]) == {token.pk: 99}
    hold_token_limits(token, [SIM])
    run_of(token, prompt_tokens=1)
    with pytest.raises(RateLimited, match="used its 100 tokens of today") as caught:
        hold_token_limits(token, [SIM])
    assert 0 < caught.value.retry_after <= 24 * 3600


def test_the_api_holds_them(server: Server) -> None:
    secret = server.manage(
        "token", "create", "scoped", "--create-user", "--connection", "sim", "--runs-per-minute", "1"
    )  # fmt: skip
    client = Client(server, token=secret)
    models = client.http.get("/models").json()["models"]
    assert {model["id"].partition("/")[0] for model in models} == {"sim"}
    refused = client.http.post("/runs", json={"model": "local/smollm2-135m", "prompt": "Hi"})
    assert (refused.status_code, refused.json()["error"]["field"]) == (403, "model")
    run = client.post_run("sim/sim-n5-r0")
    with client.socket() as socket:
        assert Follower(socket, run["id"]).finish()
    again = client.http.post("/runs", json={"model": "sim/sim-n5-r0", "prompt": "Hi"})
    assert (again.status_code, again.json()["error"]["code"]) == (429, "rate_limited")
    assert 1 <= int(again.headers["retry-after"]) <= 60
    client.close()
