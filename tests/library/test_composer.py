"""The library in the composer: a prompt's variables are filled in when it is sent."""

import re
from http import HTTPStatus
from unittest.mock import patch

import pytest
from django.test import Client

from playground.accounts.models import User
from playground.library import services
from playground.library.filling import Filling
from playground.library.models import PromptUse
from playground.runs.models import Run
from playground.runs.turns import TurnDraft
from tests.library.conftest import HTMX, signed_in
from tests.library.factories import POEM, make_content, make_prompt
from tests.runs.factories import make_run, make_session, make_turn

MODEL = "sim/sim-n5-r0"
VALUES = {"var-lines": "2", "var-tone": "calm", "var-topic": "{{lines}}"}


def test_a_version_fills_the_composer(client: Client, editor: User) -> None:
    content = make_content(system="Be {{tone}}.", parameters={"temperature": 0.3}, model_ids=["a/one", "a/two"])
    prompt = make_prompt(editor, content=content)
    for address in ("/", make_session(editor).get_absolute_url()):
        page = client.get(f"{address}?version={prompt.current_id}").text
        part = client.get(f"{address}?version={prompt.current_id}", headers=HTMX).text
        assert "<html" in page
        assert "<html" not in part
        for html in (page, part):
            assert f"{POEM}</textarea>" in html
            assert "Be {{tone}}.</textarea>" in html
            assert re.search(r'name="var-lines"[^>]*>\s*4</textarea>', html)
            assert re.search(r'<option value="calm"\s*selected', html)
            assert 'value="a/two"' in html
            assert 'value="0.3"' in html
            assert f'name="version" value="{prompt.current_id}"' in html


def test_a_value_that_is_missing_or_does_not_fit_is_named_and_nothing_is_lost(client: Client, editor: User) -> None:
    prompt = make_prompt(editor)
    data = {"prompt": POEM, "model": MODEL, "version": prompt.current_id, "var-lines": "four", "var-tone": "calm"}
    for headers in ({}, HTMX):
        response = client.post("/turns/", {**data, "var-topic": ""}, headers=headers)
        assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert re.search(r'name="var-lines"[^>]*aria-invalid="true"[^>]*>\s*four</textarea>', response.text)
        assert re.search(r'id="id_var-topic_error"[^>]*>Fill this in', response.text)
        assert f"{POEM}</textarea>" in response.text
        assert f'name="version" value="{prompt.current_id}"' in response.text


def test_braces_that_someone_types_are_not_sent_silently(client: Client) -> None:
    data = {"prompt": "About {{topic}}, {{lines}}", "model": MODEL}
    response = client.post("/turns/", data, headers=HTMX)
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert re.findall(r'name="var-(\w+)"', response.text) == ["topic", "lines"]
    assert 'name="as_typed"' in response.text


@pytest.mark.parametrize(
    ("data", "sent"),
    [
        ({"prompt": "About {{topic}}", "var-topic": "a\r\n{{b}}"}, "About a\n{{b}}"),
        ({"prompt": "About {{topic}}", "as_typed": "1"}, "About {{topic}}"),
        ({"prompt": "Of {{ a.b }} and \\{{c}}"}, "Of {{ a.b }} and \\{{c}}"),
    ],
)
def test_what_is_sent(client: Client, data: dict[str, str], sent: str) -> None:
    drafts: list[TurnDraft] = []

    def start(user: User, workspace: object, draft: TurnDraft, *options: object) -> list[Run]:
        drafts.append(draft)
        return [make_run(make_turn(make_session(user)))]

    with patch("playground.prompts.views.start_runs", start):
        client.post("/turns/", {"model": MODEL, **data})
    assert [draft.prompt for draft in drafts] == [sent]


def test_a_turn_says_which_version_it_is_from(client: Client, editor: User) -> None:
    prompt = make_prompt(editor)
    session = make_session(editor)
    assert prompt.current is not None
    Filling(("", POEM), prompt.current, VALUES).record(make_turn(session))
    make_turn(session, "Another")
    use = PromptUse.objects.get()
    assert use.values == {"lines": "2", "tone": "calm", "topic": "{{lines}}"}
    page = client.get(session.get_absolute_url()).text
    assert re.search(rf'href="/prompts/{prompt.pk}/\?version=1">\s*from Poem v1', page)
    assert page.count("Save as prompt") == 1
    services.delete(editor, prompt)
    assert re.search(r'<span class="badge">\s*from Poem v1', client.get(session.get_absolute_url()).text)


def test_a_changed_text_is_not_the_version_s_any_more(editor: User) -> None:
    prompt = make_prompt(editor)
    assert prompt.current is not None
    Filling(("", POEM + "!"), prompt.current, VALUES).record(make_turn(make_session(editor)))
    assert not PromptUse.objects.exists()


def test_of_an_unrecorded_turn_no_values_are_kept(editor: User) -> None:
    prompt = make_prompt(editor)
    assert prompt.current is not None
    turn = make_turn(make_session(editor, is_recorded=False), "", is_recorded=False)
    Filling(("", POEM), prompt.current, VALUES).record(turn)
    assert PromptUse.objects.get().values == {}


def test_the_preview_puts_the_values_in(client: Client, editor: User) -> None:
    prompt = make_prompt(editor)
    data = {"prompt": POEM, "version": prompt.current_id, "var-lines": "2", "var-tone": "calm", "var-topic": "<b>"}
    text = client.post("/prompts/preview/", data).text
    assert '<mark class="filling__value">&lt;b&gt;</mark>' in text


def test_what_is_typed_is_kept_for_a_new_prompt(client: Client) -> None:
    data = {"prompt": "About {{topic}}", "system": "Be kind.", "model": ["a/one", ""], "temperature": "0.5"}
    response = client.post("/prompts/draft/", data, headers=HTMX)
    page = client.get(response["HX-Redirect"]).text
    assert "About {{topic}}</textarea>" in page
    assert "Be kind.</textarea>" in page
    assert 'name="var-topic-type"' in page
    assert 'value="0.5"' in page


def test_a_turn_s_braces_are_literal_in_a_prompt_made_of_it(client: Client, editor: User) -> None:
    turn = make_turn(make_session(editor), "Of {{x}}", system="S")
    make_run(turn, model_id="a/one")
    page = client.get(f"/prompts/new/?turn={turn.pk}").text
    assert "Of \\{{x}}</textarea>" in page
    assert "a/one</textarea>" in page


def test_prompts_are_found_to_insert(client: Client, editor: User) -> None:
    prompt = make_prompt(editor)
    make_prompt(editor, "Other", make_content("Nothing"))
    session = make_session(editor)
    found = client.get(f"/prompts/find/?q=poe&session={session.pk}", headers=HTMX).text
    assert f'href="/sessions/{session.pk}/?version={prompt.current_id}"' in found
    assert "Other" not in found
    assert "No prompt matches" in client.get("/prompts/find/?q=zzz", headers=HTMX).text


def test_viewers_and_strangers_use_no_version(client: Client, editor: User, viewer: User, stranger: User) -> None:
    prompt = make_prompt(editor)
    assert signed_in(viewer).get(f"/?version={prompt.current_id}").status_code == HTTPStatus.FORBIDDEN
    assert signed_in(stranger).get(f"/?version={prompt.current_id}").status_code == HTTPStatus.NOT_FOUND
    assert client.get("/?version=999999").status_code == HTTPStatus.NOT_FOUND
    assert client.get("/?version=x").status_code == HTTPStatus.NOT_FOUND
