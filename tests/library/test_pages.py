"""The pages of the library: the list, a prompt, writing one."""

import re
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from playground.accounts.models import User
from playground.library import services
from playground.library.models import Prompt, PromptUse
from playground.workspaces.models import AuditEntry
from tests.library.conftest import HTMX, signed_in
from tests.library.factories import POEM, make_content, make_prompt, make_version
from tests.runs.factories import make_session, make_turn

TYPED = {
    "name": "Poem",
    "description": "For birthdays",
    "tags": "fun,  short poems, fun",
    "system": "Be kind.",
    "text": "About {{topic}}, {{lines}} lines, {{tone}}.\r\nDone",
    "var-lines-type": "number",
    "var-lines-default": "4",
    "var-tone-type": "choice",
    "var-tone-choices": "calm\r\ncheerful",
    "var-tone-default": "calm",
    "var-topic-test": "goldfish",
    "var-topic-type": "text",
    "model_ids": "sim/sim\r\n",
    "temperature": "0.5",
    "stop": "END",
}


def typed(**changes: Any) -> dict[str, Any]:
    return {**TYPED, **changes}


def test_a_new_prompt_is_saved_with_its_variables(client: Client, editor: User) -> None:
    response = client.post("/prompts/new/", TYPED)
    prompt = Prompt.objects.get()
    assert response["Location"] == f"/prompts/{prompt.pk}/"
    version = prompt.versions.get()
    assert version.text == "About {{topic}}, {{lines}} lines, {{tone}}.\nDone"
    assert [(v["name"], v["type"], v["default"]) for v in version.variables] == [
        ("topic", "text", ""),
        ("lines", "number", "4"),
        ("tone", "choice", "calm"),
    ]
    assert version.parameters == {"temperature": 0.5, "stop": ["END"]}
    assert version.model_ids == ["sim/sim"]
    assert [tag.name for tag in prompt.tags.all()] == ["fun", "short poems"]
    page = client.get(response["Location"]).text
    assert '<mark class="variable">topic</mark>, <mark class="variable">lines</mark> lines' in page


@pytest.mark.parametrize(
    ("changes", "name", "words"),
    [
        ({"name": ""}, "name", "required"),
        ({"text": " ", "system": "{{tone}}"}, "text", "it is empty"),
        ({"text": "{{first name}} {{tone}}"}, "text", "first name"),
        ({"var-lines-default": "four"}, "var-lines-default", "Enter a number"),
        ({"var-tone-default": "loud"}, "var-tone-default", "calm, cheerful"),
        ({"var-lines-type": "choice"}, "var-lines-choices", "one a line"),
        ({"temperature": "7"}, "temperature", "from 0 to 2"),
        ({"tags": "x" * 41}, "tags", "40 characters"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(
    client: Client, changes: dict[str, str], name: str, words: str
) -> None:
    response = client.post("/prompts/new/", typed(**changes))
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert re.search(rf'name="{name}"[^>]*aria-invalid="true"', response.text)
    assert words in response.text
    assert "For birthdays" in response.text
    assert "calm\ncheerful" in response.text
    assert not Prompt.objects.exists()


def test_a_name_is_taken_once_in_a_workspace(client: Client, editor: User) -> None:
    first = make_prompt(editor)
    response = client.post("/prompts/new/", TYPED)
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "There is a prompt “Poem” already" in response.text
    services.delete(editor, first)
    assert client.post("/prompts/new/", TYPED).status_code == HTTPStatus.FOUND


def test_without_scripts_a_button_finds_the_variables(client: Client) -> None:
    response = client.post("/prompts/new/", {"text": "{{a}} {{b}}", "var-a-type": "number", "find": "1"})
    assert response.status_code == HTTPStatus.OK
    assert 'name="var-b-type"' in response.text
    assert re.search(r'<option value="number"\s*selected', response.text)
    assert "aria-invalid" not in response.text


def test_an_edit_makes_a_version_with_a_note(client: Client, editor: User) -> None:
    prompt = make_prompt(editor)
    page = client.get(f"/prompts/{prompt.pk}/edit/").text
    assert POEM in page
    base = re.findall(r'name="base" value="(\d+)"', page)[0]
    client.post(f"/prompts/{prompt.pk}/edit/", typed(base=base, note="Shorter"))
    newest = prompt.versions.order_by("-number")[0]
    assert (newest.number, newest.note) == (2, "Shorter")
    assert "Shorter" in client.get(f"/prompts/{prompt.pk}/").text


def test_a_new_description_alone_makes_no_version(client: Client, editor: User) -> None:
    client.post("/prompts/new/", TYPED)
    prompt = Prompt.objects.get()
    client.post(f"/prompts/{prompt.pk}/edit/", typed(base=1, description="Another", tags="new，中文、诗"))
    prompt.refresh_from_db()
    assert prompt.description == "Another"
    assert {tag.name for tag in prompt.tags.all()} == {"new", "中文", "诗"}
    assert prompt.versions.count() == 1


def test_who_was_overtaken_keeps_the_text_and_sees_the_other(client: Client, owner: User, editor: User) -> None:
    prompt = make_prompt(editor)
    make_version(owner, prompt, "Write {{lines}} bold lines about {{topic}}.")
    response = client.post(f"/prompts/{prompt.pk}/edit/", typed(base=1, text="Write {{lines}} lines, mine."))
    assert response.status_code == HTTPStatus.CONFLICT
    assert "Write {{lines}} lines, mine.</textarea>" in response.text
    assert re.search(r'<del class="changes__removed">[^<]*bold', response.text)
    assert "Version 2 is by owner" in response.text
    assert 'name="base" value="2"' in response.text
    assert prompt.versions.count() == 2
    again = client.post(f"/prompts/{prompt.pk}/edit/", typed(base=2, text="Write {{lines}} lines, mine."))
    assert again.status_code == HTTPStatus.FOUND
    assert prompt.versions.count() == 3


def test_two_versions_compared(client: Client, editor: User) -> None:
    prompt = make_prompt(editor)
    make_version(editor, prompt, "Write {{lines}} quiet lines about {{topic}}.", "No tone")
    page = client.get(f"/prompts/{prompt.pk}/diff/").text
    assert '<del class="changes__removed">{{tone}}</del><ins class="changes__added">quiet</ins> lines' in page
    side = client.get(f"/prompts/{prompt.pk}/diff/?from=2&to=1&view=side", headers=HTMX).text
    assert "<html" not in side
    assert '<ins class="changes__added">{{tone}}</ins>' in side
    assert client.get(f"/prompts/{prompt.pk}/diff/?from=9").status_code == HTTPStatus.NOT_FOUND


def test_an_old_version_comes_back_as_a_new_one(client: Client, editor: User) -> None:
    prompt = make_prompt(editor)
    make_version(editor, prompt, "Something else")
    client.post(f"/prompts/{prompt.pk}/versions/1/restore/")
    prompt.refresh_from_db()
    assert prompt.current is not None
    assert (prompt.current.number, prompt.current.text) == (3, POEM)
    client.post(f"/prompts/{prompt.pk}/versions/1/restore/")
    assert prompt.versions.count() == 3


def test_a_fork_names_where_it_came_from(client: Client, owner: User, editor: User) -> None:
    prompt = make_prompt(owner)
    page = client.get(f"/prompts/new/?fork={prompt.current_id}").text
    assert 'value="Poem (2)"' in page
    client.post("/prompts/new/", typed(name="Mine", fork=prompt.current_id))
    fork = Prompt.objects.get(name="Mine")
    assert fork.forked_from_id == prompt.current_id
    assert "Poem v1" in client.get(f"/prompts/{fork.pk}/").text
    assert f'href="/prompts/{fork.pk}/"' in client.get(f"/prompts/{prompt.pk}/").text


def test_deleting_can_be_undone_for_30_days(client: Client, editor: User) -> None:
    prompt = make_prompt(editor)
    response = client.post(f"/prompts/{prompt.pk}/delete/")
    assert client.get(f"/prompts/{prompt.pk}/").status_code == HTTPStatus.NOT_FOUND
    assert "“Poem” was deleted" in client.get(response["Location"]).text
    assert "Poem" in client.get("/prompts/?deleted=on").text
    make_prompt(editor)  # takes the name meanwhile
    client.post(f"/prompts/{prompt.pk}/restore/")
    prompt.refresh_from_db()
    assert (prompt.deleted_at, prompt.name) == (None, "Poem (2)")
    assert [entry.action for entry in AuditEntry.objects.order_by("pk")] == ["prompt.delete", "prompt.restore"]


def test_what_was_deleted_long_ago_is_gone(client: Client, editor: User) -> None:
    old = make_prompt(editor, "Old")
    Prompt.objects.filter(pk=old.pk).update(deleted_at=timezone.now() - timedelta(days=31))
    assert client.post(f"/prompts/{old.pk}/restore/").status_code == HTTPStatus.NOT_FOUND
    services.delete(editor, make_prompt(editor, "New"))
    assert [prompt.name for prompt in Prompt.objects.all()] == ["New"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Gamma", "Beta", "Alpha"]),
        ("sort=name", ["Alpha", "Beta", "Gamma"]),
        ("sort=uses", ["Beta", "Gamma", "Alpha"]),
        ("tag=tone", ["Alpha"]),
        ("q=goldfish", ["Beta"]),
        ("q=描述", ["Gamma"]),
        ("q=nowhere", []),
    ],
)
def test_the_list_is_searched_tagged_and_sorted(client: Client, editor: User, query: str, names: list[str]) -> None:
    make_prompt(editor, "Alpha", tags=["tone"])
    beta = make_prompt(editor, "Beta", make_content("Of goldfish"))
    make_prompt(editor, "Gamma", description="一段描述")
    PromptUse.objects.create(version=beta.current, turn=make_turn(make_session(editor)))
    part = client.get(f"/prompts/?{query}", headers=HTMX).text
    assert re.findall(r'history__title"[^>]*>([^<]+)<', part) == names


def test_used_in_names_only_sessions_that_the_reader_sees(client: Client, owner: User, editor: User) -> None:
    prompt = make_prompt(editor)
    for user, title, visibility in (
        (editor, "Mine", "private"),
        (owner, "Secret", "private"),
        (owner, "Shared", "workspace"),
    ):
        turn = make_turn(make_session(user, title=title, visibility=visibility))
        PromptUse.objects.create(version=prompt.current, turn=turn)
    page = client.get(f"/prompts/{prompt.pk}/").text
    assert "Mine" in page
    assert "Shared" in page
    assert "Secret" not in page


def test_queries_do_not_grow_with_the_library(
    client: Client, editor: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        make_prompt(editor, f"Prompt {number}", tags=["a", "b"])
    with django_assert_max_num_queries(10):
        assert client.get("/prompts/").status_code == HTTPStatus.OK


def test_a_viewer_reads_and_changes_nothing(viewer: User, editor: User) -> None:
    prompt = make_prompt(editor)
    reader = signed_in(viewer)
    for address in ("/prompts/", f"/prompts/{prompt.pk}/", f"/prompts/{prompt.pk}/diff/"):
        page = reader.get(address)
        assert page.status_code == HTTPStatus.OK
        assert "/edit/" not in page.text
        assert "/prompts/new/" not in page.text
    assert reader.get(f"/prompts/{prompt.pk}/edit/").status_code == HTTPStatus.FORBIDDEN
    assert reader.post("/prompts/new/", TYPED).status_code == HTTPStatus.FORBIDDEN


def test_only_its_author_and_owners_delete(owner: User, editor: User, viewer: User) -> None:
    prompt = make_prompt(owner)
    assert signed_in(editor).post(f"/prompts/{prompt.pk}/delete/").status_code == HTTPStatus.FORBIDDEN
    mine = make_prompt(editor, "Mine")
    assert signed_in(owner).post(f"/prompts/{mine.pk}/delete/").status_code == HTTPStatus.FOUND


def test_for_a_stranger_there_is_no_prompt(stranger: User, editor: User) -> None:
    prompt = make_prompt(editor)
    for address in (f"/prompts/{prompt.pk}/", f"/prompts/{prompt.pk}/edit/", f"/prompts/{prompt.pk}/diff/"):
        assert signed_in(stranger).get(address).status_code == HTTPStatus.NOT_FOUND
