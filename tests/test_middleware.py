"""Errors as pages."""

import json
from types import SimpleNamespace

import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext
from django.urls import path

import playground.urls
from playground import errors, outage
from playground.runs.health import Health, Trouble

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

RAISED: dict[str, errors.PlaygroundError] = {
    "bad_request": errors.BadRequest("Send it again."),
    "invalid": errors.InvalidField("model", "There is no model “<b>x</b>”."),
    "forbidden": errors.Forbidden("Ask an owner."),
    "not_found": errors.NotFound("It is gone."),
    "conflict": errors.Conflict("It has changed."),
    "too_many_runs": errors.TooManyRuns("Stop one first."),
    "rate_limited": errors.RateLimited("Too many in a minute.", retry_after=7),
    "busy": errors.Busy("Full: try again in 7 s.", retry_after=7),
    "damaged": errors.Damaged("Look for a backup."),
    "not_signed_in": errors.NotSignedIn("Sign in."),
}


def fail(request: HttpRequest, code: str) -> HttpResponse:
    raise RAISED[code]


async def fail_async(request: HttpRequest, code: str) -> HttpResponse:
    raise RAISED[code]


urlpatterns = [
    path("fail/<str:code>/", fail),
    path("fail-async/<str:code>/", fail_async),
    *playground.urls.urlpatterns,
]

PAGES = [code for code in RAISED if code != "not_signed_in"]


def test_every_error_is_tried() -> None:
    def leaves(kind: type[errors.PlaygroundError]) -> set[str]:
        return {kind.code}.union(
            *(leaves(child) for child in kind.__subclasses__() if child.__module__ == errors.__name__)
        )

    assert leaves(errors.PlaygroundError) - {"error"} == set(RAISED)


@pytest.mark.parametrize("code", PAGES)
def test_a_page_says_it_with_its_status(client: Client, code: str) -> None:
    response = client.get(f"/fail/{code}/")
    assert response.status_code == RAISED[code].status
    assert "<h1>" in response.content.decode()
    assert RAISED[code].message.split("“")[0] in response.content.decode()
    assert "HX-Trigger" not in response


@pytest.mark.parametrize("code", PAGES)
async def test_an_async_view_is_served_alike(async_client: AsyncClient, code: str) -> None:
    response = await async_client.get(f"/fail-async/{code}/")
    assert response.status_code == RAISED[code].status


@pytest.mark.parametrize("code", PAGES)
def test_htmx_gets_a_notice_and_an_event(client: Client, code: str) -> None:
    response = client.get(f"/fail/{code}/", headers={"HX-Request": "true"})
    assert response.status_code == RAISED[code].status
    assert response.content.decode().startswith('<p class="notice notice--danger" role="alert">')
    event = json.loads(response["HX-Trigger"])["playground:notice"]
    assert event["code"] == code
    assert event["message"] == RAISED[code].message
    assert "HX-Request" in response["Vary"]


def test_a_history_restore_gets_the_page(client: Client) -> None:
    headers = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    assert "<h1>" in client.get("/fail/not_found/", headers=headers).content.decode()


def test_messages_are_escaped(client: Client) -> None:
    assert "<b>x</b>" not in client.get("/fail/invalid/").content.decode()


def test_busy_says_when_to_come_back(client: Client) -> None:
    assert client.get("/fail/busy/")["Retry-After"] == "7"


def test_who_is_not_signed_in_is_sent_to_sign_in(client: Client) -> None:
    assert client.get("/fail/not_signed_in/")["Location"] == "/sign-in/?next=/fail/not_signed_in/"


def test_htmx_sends_the_whole_page_to_sign_in_and_back(client: Client) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/connections/?x=1"}
    for url in ("/fail/not_signed_in/", "/account/"):
        response = client.get(url, headers=headers)
        assert response.status_code == 200
        assert response["HX-Redirect"] == "/sign-in/?next=/connections/%3Fx%3D1"


def test_a_page_that_does_not_exist(client: Client) -> None:
    response = client.get("/nowhere/")
    assert response.status_code == 404
    assert "does not exist, or is not yours" in response.content.decode()


def test_the_page_of_a_crash_needs_nothing() -> None:
    from django.views.defaults import bad_request, server_error

    request = HttpRequest()
    assert "Something broke on our side" in server_error(request).content.decode()
    assert "cannot be understood" in bad_request(request, ValueError()).content.decode()


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_who_sends_a_prompt_while_the_database_is_away_is_told_before_it_is_asked(
    client: Client, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    health = Health()
    monkeypatch.setattr(outage, "running_engine", lambda: SimpleNamespace(health=health))
    assert client.post("/turns/", headers=headers).status_code != 503
    health.note(Trouble.DATABASE, holds=True)
    with CaptureQueriesContext(connection) as queries:
        response = client.post("/turns/", headers=headers)
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert not queries.captured_queries
    assert not caplog.records
    api = client.post("/api/v1/runs", {"model": "sim/m", "prompt": "Hello"}, content_type="application/json")
    assert (api.status_code, api.json()["error"]["code"], api["Retry-After"]) == (503, "busy", "5")
