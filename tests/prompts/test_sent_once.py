"""A form whose answer was lost is sent again, and starts nothing twice."""

import re
from contextlib import AbstractContextManager, nullcontext
from http import HTTPStatus
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client

from playground.accounts.models import User
from playground.runs.idempotency import started_once
from playground.runs.live import RunSpec
from playground.runs.models import IdempotencyKey, Run, Turn
from playground.runs.turns import Created
from tests.prompts.conftest import HTMX
from tests.runs.factories import make_run, make_session, make_turn

MODEL = "sim/sim-n5-r0"


class Engine:
    """Takes what it is told to start, and starts nothing. It has room for everything."""

    owner = "here"

    def __init__(self) -> None:
        self.started: list[RunSpec] = []
        self.admission = self

    def held(self, _runs: int) -> AbstractContextManager[None]:
        return nullcontext()

    def start(self, specs: list[RunSpec]) -> None:
        self.started += specs


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    engine = Engine()
    monkeypatch.setattr("playground.runs.turns.current_engine", lambda: engine)
    return engine


def mark_in(page: str, action: str) -> str:
    """The mark of the form that the page sends to an address."""
    form = page[page.index(f'action="{action}"') :].split("</form>", maxsplit=1)[0]
    return re.findall(r'name="once"\s+value="([^"]+)"', form)[0]


def filled(client: Client, **fields: Any) -> dict[str, Any]:
    return {"once": mark_in(client.get("/").text, "/turns/"), "model": MODEL, "prompt": "Count.", **fields}


def test_the_same_form_sent_twice_is_one_turn(client: Client, engine: Engine) -> None:
    form = filled(client, model=[MODEL, MODEL])
    first, second = client.post("/turns/", form), client.post("/turns/", form)
    turn = Turn.objects.get()
    assert first.headers["Location"] == second.headers["Location"]
    assert str(turn.pk) in first.headers["Location"]
    assert len(engine.started) == 2, "a run a lane"


def test_the_part_that_is_sent_again_is_the_same_turn(client: Client, engine: Engine) -> None:
    form = filled(client)
    first, second = (client.post("/turns/", form, headers=HTMX) for _ in range(2))
    assert f'id="turn-{Turn.objects.get().pk}"' in first.text
    assert f'id="turn-{Turn.objects.get().pk}"' in second.text
    assert first.headers["HX-Push-Url"] == second.headers["HX-Push-Url"]
    assert len(engine.started) == 1


def test_the_page_goes_on_with_another_mark(client: Client, engine: Engine) -> None:
    form = filled(client)
    answer = client.post("/turns/", form, headers=HTMX).text
    (mark,) = re.findall(r'name="once"\s+value="([^"]+)"', answer[answer.index('id="composer-state"') :])
    assert mark != form["once"]
    client.post("/turns/", {**form, "once": mark})
    assert len(engine.started) == 2, "the same words, sent on purpose"


def test_another_text_with_the_same_mark_is_another_turn(client: Client, engine: Engine) -> None:
    form = filled(client)
    for prompt in ("Count.", "Count to ten.", "Count."):
        client.post("/turns/", {**form, "prompt": prompt})
    assert [turn.prompt for turn in Turn.objects.order_by("created_at")] == ["Count.", "Count to ten."]


def test_what_was_refused_keeps_no_mark(client: Client, engine: Engine) -> None:
    form = filled(client)
    assert client.post("/turns/", {**form, "model": "nowhere/nothing"}).status_code == 422
    assert not IdempotencyKey.objects.exists()
    assert client.post("/turns/", form).status_code == 302
    assert len(engine.started) == 1


def test_a_mark_is_its_persons_own(client: Client, teammate: Client, engine: Engine) -> None:
    form = filled(client)
    client.post("/turns/", form)
    teammate.post("/turns/", form)
    assert len(engine.started) == 2


@pytest.mark.parametrize(("ask", "from_another_page"), [("retry", HTTPStatus.FOUND), ("continue", HTTPStatus.CONFLICT)])
def test_retry_and_continue_start_one_run(
    client: Client, owner: User, engine: Engine, ask: str, from_another_page: HTTPStatus
) -> None:
    run = make_run(make_turn(make_session(owner)), model_id=MODEL, status="truncated", text="One, two")
    address = f"/runs/{run.pk}/{ask}/"
    form = {"once": mark_in(client.get(run.turn.session.get_absolute_url()).text, address)}
    first, second = client.post(address, form), client.post(address, form)
    (again,) = Run.objects.exclude(pk=run.pk)
    assert first.headers["Location"] == second.headers["Location"] == f"/sessions/{run.turn.session_id}/#run-{again.pk}"
    assert len(engine.started) == 1
    assert client.post(address, {"once": "of another page"}).status_code == from_another_page
    assert len(engine.started) == (2 if ask == "retry" else 1)


def test_of_two_at_the_same_moment_the_later_gets_the_run_of_the_first(owner: User) -> None:
    run = make_run(make_turn(make_session(owner)))

    def overtaken(_created: Created) -> Run:
        IdempotencyKey.objects.create(user=owner, key="key", request_digest="digest", run=run)
        raise IntegrityError("the key is there")

    assert started_once(owner, "key", "digest", overtaken) == run


def test_another_refusal_of_the_database_is_raised(owner: User) -> None:
    def broken(_created: Created) -> Run:
        raise IntegrityError("something else")

    with pytest.raises(IntegrityError, match="something else"):
        started_once(owner, "key", "digest", broken)
