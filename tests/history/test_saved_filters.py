"""Filters by name: one's own, and the workspace's."""

from http import HTTPStatus

import pytest
from django.test import Client

from playground.accounts.models import User
from playground.review.models import SavedFilter
from playground.workspaces.models import Membership, Role, Workspace
from tests.history.conftest import signed_in

SAVE = "/sessions/filters/"


@pytest.fixture
def saved(owner: User) -> SavedFilter:
    workspace = Workspace.objects.default()
    return SavedFilter.objects.create(workspace=workspace, owner=owner, name="Slow", query="ttft_min=900")


def test_save_the_filters_of_the_list(client: Client) -> None:
    page = client.post(SAVE, {"name": " Slow  ones ", "query": "after=x&ttft_min=900&q=caf%C3%A9"}, follow=True)

    kept = SavedFilter.objects.get()
    assert (kept.name, kept.query, kept.is_shared) == ("Slow ones", "q=caf%C3%A9&ttft_min=900", False)
    assert page.redirect_chain == [(f"/sessions/?{kept.query}", HTTPStatus.FOUND)]
    assert "Slow ones" in page.text


def test_a_filter_without_a_name_comes_back(client: Client) -> None:
    page = client.post(SAVE, {"name": "", "query": "tag=x", "is_shared": "on"})

    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert 'aria-describedby="filter-error-new"' in page.text
    assert 'value="tag=x"' in page.text
    assert not SavedFilter.objects.exists()


def test_rename_share_and_delete(client: Client, teammate: User, saved: SavedFilter) -> None:
    assert "Slow" not in signed_in(teammate).get("/sessions/").text

    client.post(f"{SAVE}{saved.pk}/", {"name": "Slower", "is_shared": "on"})

    assert "Slower" in signed_in(teammate).get("/sessions/").text
    client.post(f"{SAVE}{saved.pk}/delete/")
    assert not SavedFilter.objects.exists()


def test_a_rename_to_nothing_comes_back_in_its_place(client: Client, saved: SavedFilter) -> None:
    page = client.post(f"{SAVE}{saved.pk}/", {"name": " "})

    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert f'aria-describedby="filter-error-{saved.pk}"' in page.text
    saved.refresh_from_db()
    assert saved.name == "Slow"


def test_a_viewer_keeps_filters_for_themselves(owner: User) -> None:
    Membership.objects.filter(user=owner).update(role=Role.VIEWER)
    browser = signed_in(owner)

    assert browser.post(SAVE, {"name": "a", "is_shared": "on"}).status_code == HTTPStatus.FORBIDDEN
    assert browser.post(SAVE, {"name": "b"}).status_code == HTTPStatus.FOUND
    assert "Share with the workspace" not in browser.get("/sessions/?tag=x").text
