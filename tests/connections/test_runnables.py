"""Connections of dialect `langchain`: they name a Runnable, and only one that is allowed."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from playground.accounts.models import User
from playground.connections import runnables
from playground.connections.catalogue import resolve
from playground.connections.forms import ConnectionForm
from playground.connections.models import Connection
from playground.env import env_objects
from playground.errors import InvalidField
from playground.providers.errors import LangChainMissing
from playground.workspaces.models import Workspace
from tests.connections.test_form import VALID
from tests.factories import make_connection, make_member, make_workspace
from tests.providers.runnables import chains

pytestmark = pytest.mark.django_db

CHAINS = "tests.providers.runnables.chains"
AGENT = f"{CHAINS}:agent"
ABSENT = "no_such_module.chains:agent"


@pytest.fixture
def workspace(settings: Settings) -> Workspace:
    settings.PLAYGROUND_RUNNABLES = [AGENT, f"{CHAINS}:not_one", ABSENT]
    return make_workspace()


def filled(workspace: Workspace, connection: Connection | None = None, **changes: Any) -> ConnectionForm:
    given = {"dialect": "langchain", "base_url": "", "api_key": "", "headers": "", "runnable": AGENT}
    return ConnectionForm(workspace, connection, {**VALID, **given, **changes})


def test_a_runnable_takes_the_place_of_the_base_url(workspace: Workspace) -> None:
    form = filled(workspace, given="messages-key")
    assert form.is_valid(), form.errors
    connection = form.save()

    assert connection.base_url == f"{AGENT}#messages-key"
    again = ConnectionForm(workspace, connection)
    assert (again["runnable"].value(), again["given"].value()) == (AGENT, "messages-key")
    endpoint = resolve(workspace, "upstream/small").endpoint
    assert endpoint is not None
    assert (endpoint.dialect, endpoint.base_url) == ("langchain", connection.base_url)


def test_what_is_offered_is_what_is_allowed(workspace: Workspace) -> None:
    offered = str(ConnectionForm(workspace)["runnable"])

    assert all(f'value="{name}"' in offered for name in (AGENT, ABSENT))


def test_what_cannot_be_imported_is_marked_and_no_factory_is_called(
    workspace: Workspace, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[int] = []
    monkeypatch.setattr(chains, "counted", lambda: called.append(1), raising=False)
    settings.PLAYGROUND_RUNNABLES = [AGENT, f"{CHAINS}:counted", f"{CHAINS}:nothere", ABSENT]

    offered = str(ConnectionForm(workspace)["runnable"])

    assert f">{AGENT}</option>" in offered
    assert f">{CHAINS}:counted</option>" in offered
    assert f"{CHAINS}:nothere — cannot be imported. The module {CHAINS} has no nothere" in offered
    assert f"{ABSENT} — cannot be imported. There is no module no_such_module here" in offered
    assert called == []


def test_the_command_line_gives_it_as_the_base_url(workspace: Workspace) -> None:
    form = filled(workspace, runnable="", base_url=AGENT)

    assert form.is_valid(), form.errors


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"runnable": ""}, "Choose a Runnable."),
        ({"runnable": "os:system"}, "“os:system” is not among the Runnables that are allowed here"),
        ({"runnable": f"{CHAINS}:not_one"}, "is a Slow and not a Runnable of LangChain"),
        ({"runnable": ABSENT}, "There is no module no_such_module here"),
        ({"runnable": AGENT, "given": "anything"}, ""),
    ],
)
def test_what_cannot_be_used_is_refused_at_its_field(
    workspace: Workspace, changes: dict[str, str], message: str
) -> None:
    form = filled(workspace, **changes)

    assert not form.is_valid()
    field = "runnable" if message else "given"
    assert message in str(form.errors[field])


def test_without_an_allow_list_nothing_is_allowed(workspace: Workspace, settings: Settings) -> None:
    settings.PLAYGROUND_RUNNABLES = []
    form = filled(workspace)

    assert not form.is_valid()
    assert "PLAYGROUND_RUNNABLES" in str(form.errors["runnable"])


def test_that_langchain_is_missing_is_said_at_the_field(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> None:
        raise LangChainMissing("LangChain is not installed here: run pip.")

    monkeypatch.setattr(runnables, "check_runnable", missing)
    form = filled(workspace)

    assert not form.is_valid()
    assert form.errors["runnable"] == ["LangChain is not installed here: run pip."]


def test_what_is_not_allowed_any_more_is_not_run(workspace: Workspace, settings: Settings) -> None:
    make_connection(workspace, name="old", dialect="langchain", base_url=AGENT)
    settings.PLAYGROUND_RUNNABLES = [ABSENT]

    with pytest.raises(InvalidField, match="not among the Runnables") as caught:
        resolve(workspace, "old/any")
    assert caught.value.field == "model"


def test_other_dialects_still_need_a_base_url(workspace: Workspace) -> None:
    form = filled(workspace, dialect="openai-chat")

    assert not form.is_valid()
    assert "base_url" in form.errors


def test_a_stored_key_is_not_asked_for_again(workspace: Workspace) -> None:
    """A connection that becomes one of a Runnable keeps no key: nothing would use it."""
    made = ConnectionForm(workspace, data=VALID)
    assert made.is_valid()
    connection = made.save()
    form = filled(workspace, connection)

    assert form.is_valid(), form.errors
    assert form.save().read_secrets().api_key == ""


def test_the_form_is_sent_and_keeps_what_was_chosen(workspace: Workspace) -> None:
    owner: User = make_member(workspace, username="owner", role="owner")
    client = Client()
    client.force_login(owner)

    response = client.post(reverse("connections:add"), {**VALID, "dialect": "langchain", "runnable": ABSENT})

    assert response.status_code == 422
    page = response.content.decode()
    assert "There is no module no_such_module here" in page
    assert f'<option value="{ABSENT}" selected>' in page


def test_a_name_that_is_none_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYGROUND_RUNNABLES", f"{AGENT}, shop.chains")

    with pytest.raises(ImproperlyConfigured, match=r"one is 'shop\.chains'"):
        env_objects("PLAYGROUND_RUNNABLES")
