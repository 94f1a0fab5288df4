"""A session among people: what is live, who sees it, what came since, and copies."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from playground.accounts.models import User
from playground.runs.models import Session, Visibility
from playground.workspaces.models import AuditEntry, Membership, Role
from tests.factories import make_member, make_workspace
from tests.prompts.conftest import HTMX
from tests.runs.factories import make_live_run, make_run, make_session, make_turn


@pytest.fixture
def shared(owner: User) -> Session:
    """A session of the owner's, with an answer, that the workspace sees."""
    session = make_session(owner, title="Rivers", visibility=Visibility.WORKSPACE)
    make_run(make_turn(session, "One"), status="completed", text="Hello")
    return session


def text_of(client: Client, path: str) -> str:
    return client.get(path, headers=HTMX).content.decode()


def test_the_live_list_names_whose_it_is_and_leaves_out_what_one_may_not_see(
    client: Client, teammate: Client, owner: User
) -> None:
    for visibility, title in ((Visibility.WORKSPACE, "Rivers"), (Visibility.PRIVATE, "Diary")):
        make_live_run(turn=make_turn(make_session(owner, title=title, visibility=visibility)), model_id="sim/sim-n9")
    make_run(make_turn(make_session(owner, title="Done", visibility=Visibility.WORKSPACE)), status="completed")
    own, theirs = text_of(client, "/live/"), text_of(teammate, "/live/")
    assert [word in own for word in ("Rivers", "Diary", "Done", "sim-n9", "owner")] == [True, True, False, True, False]
    assert [word in theirs for word in ("Rivers", "Diary", "Done", "owner")] == [True, False, False, True]


def test_the_live_list_is_of_the_current_workspace(client: Client, owner: User) -> None:
    elsewhere = make_workspace()
    Membership.objects.create(user=owner, workspace=elsewhere, role=Role.EDITOR)
    session = make_session(owner, title="Elsewhere")
    Session.objects.filter(pk=session.pk).update(workspace=elsewhere)
    make_live_run(turn=make_turn(session))
    assert "Elsewhere" not in text_of(client, "/live/")


def test_the_live_list_costs_the_same_however_much_is_live(
    client: Client, owner: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(12):
        make_live_run(turn=make_turn(make_session(owner)))
    with django_assert_max_num_queries(6):
        text_of(client, "/live/")


def test_its_owner_shows_a_session_to_the_workspace_and_hides_it_again(
    client: Client, teammate: Client, owner: User
) -> None:
    session = make_session(owner, title="Rivers")
    path = f"/sessions/{session.pk}/visibility/"
    assert teammate.get(f"/sessions/{session.pk}/").status_code == 404
    answer = client.post(path, {"visibility": "workspace"}, headers=HTMX).content.decode()
    assert 'value="workspace"' in answer
    assert "owner · workspace" in " ".join(teammate.get(f"/sessions/{session.pk}/").content.decode().split())
    client.post(path, {"visibility": "workspace"})  # nothing changes: nothing is noted
    assert client.post(path, {"visibility": "private"}).headers["Location"] == f"/sessions/{session.pk}/"
    assert teammate.get(f"/sessions/{session.pk}/").status_code == 404
    noted = AuditEntry.objects.filter(action="session.visibility").order_by("pk")
    assert [entry.details["visibility"] for entry in noted] == ["workspace", "private"]
    assert [(entry.actor_name, entry.subject) for entry in noted] == [("owner", "Rivers"), ("owner", "")]


def test_what_is_no_visibility_is_refused(client: Client, shared: Session) -> None:
    assert client.post(f"/sessions/{shared.pk}/visibility/", {"visibility": "world"}).status_code == 422
    shared.refresh_from_db()
    assert shared.visibility == "workspace"


def test_a_reader_gets_a_way_to_copy_in_place_of_the_composer(teammate: Client, shared: Session) -> None:
    page = teammate.get(f"/sessions/{shared.pk}/").content.decode()
    assert "You are reading a session of owner" in page
    assert "<prompt-composer" not in page
    assert "Stop all" not in page
    answer = teammate.post(f"/sessions/{shared.pk}/copy/", headers=HTMX)
    copy = Session.objects.get(copied_from=shared)
    assert answer.headers["HX-Redirect"] == f"/sessions/{copy.pk}/"
    assert copy.visibility == "private"
    page = teammate.get(f"/sessions/{copy.pk}/").content.decode()
    assert "<prompt-composer" in page
    assert "Hello" in page
    assert AuditEntry.objects.get(action="session.copy").details == {"copied_from": str(shared.pk)}


def test_a_viewer_reads_and_copies_nothing(shared: Session) -> None:
    viewer = Client()
    viewer.force_login(make_member(shared.workspace, Role.VIEWER))
    assert "Copy to go on" not in viewer.get(f"/sessions/{shared.pk}/").content.decode()
    assert viewer.post(f"/sessions/{shared.pk}/copy/").status_code == 403
    assert not Session.objects.filter(copied_from=shared).exists()


def test_an_owner_of_the_workspace_can_stop_what_a_teammate_runs(shared: Session) -> None:
    make_live_run(turn=make_turn(shared, "Two"))
    boss = Client()
    boss.force_login(make_member(shared.workspace, Role.OWNER))
    page = boss.get(f"/sessions/{shared.pk}/").content.decode()
    assert "Stop all" in page
    assert "Edit and resend" not in page


def test_a_page_gets_the_turns_that_came_since(client: Client, shared: Session) -> None:
    first = shared.turns.get().runs.get()
    type(first).objects.update(created_at=first.created_at.replace(year=2000))
    second = make_turn(shared, "Two")
    run = make_run(second)
    path = f"/sessions/{shared.pk}/turns/"
    came = text_of(client, f"{path}?after={run.pk}")
    assert f"turn-{second.pk}" in came
    assert f"turn-{first.turn_id}" not in came
    for nothing in ("", "nonsense", str(shared.pk)):
        assert text_of(client, f"{path}?after={nothing}").count("<article") == 2
    assert client.get(path).headers["Location"] == f"/sessions/{shared.pk}/"


def test_a_retry_brings_its_turn_again(client: Client, shared: Session) -> None:
    first = shared.turns.get().runs.get()
    type(first).objects.update(created_at=first.created_at.replace(year=2000))
    again = make_run(first.turn, retries=first)
    came = text_of(client, f"/sessions/{shared.pk}/turns/?after={first.pk}")
    assert f'id="run-{again.pk}"' in came
