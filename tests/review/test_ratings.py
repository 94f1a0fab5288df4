"""Thumbs and scales: one opinion a person, changed and taken back at will; owners keep the scales."""

import pytest

from playground.accounts.models import User
from playground.review.models import Rating, RatingScale
from playground.review.ratings import opinions_of, scales_of
from playground.runs.models import Run, Session
from playground.workspaces.models import AuditEntry
from tests.factories import make_workspace
from tests.review.conftest import HTMX, browser


@pytest.fixture
def scale(session: Session) -> RatingScale:
    return RatingScale.objects.create(workspace=session.workspace, name="Accuracy")


def rate(user: User, run: Run, value: object, scale: RatingScale | None = None) -> int:
    data = {"value": value, **({"scale": scale.pk} if scale else {})}
    status: int = browser(user).post(f"/review/runs/{run.pk}/rate/", data).status_code
    return status


def test_each_person_has_one_opinion_which_they_can_change(viewer: User, editor: User, run: Run) -> None:
    rate(viewer, run, 1)
    rate(editor, run, 1)
    rate(viewer, run, -1)
    (thumbs,) = opinions_of(run, viewer, [])
    assert (thumbs.up, thumbs.down, thumbs.mine) == (1, 1, -1)


def test_an_opinion_is_taken_back(viewer: User, run: Run, scale: RatingScale) -> None:
    rate(viewer, run, 4, scale)
    rate(viewer, run, 1)
    rate(viewer, run, 0, scale)
    assert [(rating.scale, rating.value) for rating in Rating.objects.all()] == [(None, 1)]


def test_the_panel_shows_ones_own_the_average_and_how_many(
    viewer: User, editor: User, session: Session, run: Run, scale: RatingScale
) -> None:
    rate(viewer, run, 5, scale)
    rate(editor, run, 2, scale)
    (_, accuracy) = opinions_of(run, editor, scales_of(session.workspace))
    assert (accuracy.average, accuracy.count, accuracy.mine) == (3.5, 2, 2)
    page = browser(editor).get(f"/review/sessions/{session.pk}/?run={run.pk}").content.decode()
    assert "⌀ 3.5 · n = 2" in page
    assert "viewer: 5, editor: 2" in page


@pytest.mark.parametrize(("value", "scaled"), [(2, False), (6, True), (-1, True), ("junk", False), ("", True)])
def test_a_value_off_the_scale_is_refused(
    viewer: User, run: Run, scale: RatingScale, value: object, scaled: bool
) -> None:
    assert rate(viewer, run, value, scale if scaled else None) == 422
    assert not Rating.objects.exists()


def test_a_lanes_thumb_is_answered_without_a_page(viewer: User, run: Run) -> None:
    response = browser(viewer).post(f"/review/runs/{run.pk}/rate/", {"value": 1, "lane": 1}, headers=HTMX)
    assert (response.status_code, "review-changed" in response["HX-Trigger"]) == (204, True)


def test_another_workspaces_scale_is_none_of_ours(viewer: User, run: Run) -> None:
    theirs = RatingScale.objects.create(workspace=make_workspace(), name="Theirs")
    assert rate(viewer, run, 3, theirs) == 404


def test_an_owner_adds_renames_and_archives_scales(owner: User, run: Run) -> None:
    page = browser(owner)
    page.post("/review/scales/", {"name": "  Tone  of voice "})
    scale = RatingScale.objects.get()
    assert scale.name == "Tone of voice"
    page.post(f"/review/scales/{scale.pk}/", {"name": "Tone"})
    rate(owner, run, 3, scale)
    page.post(f"/review/scales/{scale.pk}/", {"archived": "1"})
    assert rate(owner, run, 3, scale) == 404
    assert Rating.objects.count() == 1
    assert b"archived" in page.get("/review/scales/").content
    page.post(f"/review/scales/{scale.pk}/", {"archived": "0"})
    scale.refresh_from_db()
    assert (scale.name, scale.archived_at) == ("Tone", None)
    assert {entry.action for entry in AuditEntry.objects.all()} == {"scale.add", "scale.archive", "scale.restore"}


def test_a_second_scale_of_one_name_comes_back_with_what_was_typed(owner: User, scale: RatingScale) -> None:
    response = browser(owner).post("/review/scales/", {"name": "accuracy"})
    assert response.status_code == 422
    assert b'value="accuracy"' in response.content
    assert b'aria-invalid="true"' in response.content


def test_only_owners_keep_scales(editor: User, scale: RatingScale) -> None:
    assert browser(editor).post("/review/scales/", {"name": "Mine"}).status_code == 403
    assert browser(editor).post(f"/review/scales/{scale.pk}/", {"archived": "1"}).status_code == 403
    assert browser(editor).get("/review/scales/").status_code == 200
