"""Rows of one form are rendered once, for everybody: each holds its own texts, and nothing of another's."""

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.utils.html import escape
from django.utils.translation import override

from playground.accounts.models import User
from playground.history.templatetags import rows
from tests.history.conftest import signed_in
from tests.history.factories import make_run, make_session, make_turn

LIST = "/sessions/"
PLACES = re.compile("\ue000|00000000-0000-7000-8000")


@pytest.fixture(autouse=True)
def _afresh() -> Iterator[None]:
    rows._rendered.clear()
    yield
    rows._rendered.clear()


def rows_of(html: str) -> dict[str, str]:
    """Each row by its session's id."""
    found = re.findall(r'<li id="session-([0-9a-f-]+)" class="history__row">(.*?)</li>', html, re.DOTALL)
    return dict(found)


def test_each_row_holds_its_own_texts(owner: User, client: Client) -> None:
    titles = ["plain", "<b>marked</b> & “quoted”", "\ue000owner\ue000 \ue000csrf\ue000"]
    made = {str(make_session(owner, title=title).pk): title for title in titles}
    for number, key in enumerate(made):
        make_run(make_turn(owner.playground_sessions.get(pk=key), prompt=f"asked {number}"), model_id=f"m/{number}")

    found = rows_of(client.get(LIST).text)

    assert set(found) == set(made)
    for number, (key, title) in enumerate(made.items()):
        row = found[key]
        assert f'href="/sessions/{key}/">{escape(title)}</a>' in row
        assert f"Choose “{escape(title)}”" in row
        assert f'hx-post="/sessions/{key}/delete/"' in row
        assert re.findall(r'<span class="mono">(.*?)</span>', row) == [f"m/{number}"]
        assert not [other for other in made if other != key and other in row]
        assert not PLACES.search(row.replace(title, "").replace(escape(title), ""))


def test_nothing_of_who_saw_the_first_is_shown_to_the_next(owner: User, teammate: User) -> None:
    for user in (owner, teammate):
        make_session(user, title=f"of {user.username}", visibility="workspace")
    pages = {user: signed_in(user).get(LIST, {"scope": "workspace"}) for user in (owner, teammate)}

    for user, page in pages.items():
        other = owner if user is teammate else teammate
        for row in rows_of(page.text).values():
            assert (f"of {user.username}" in row) == ("history__author" not in row)
            assert (f"of {other.username}" in row) == (f"</span>{other.username}</span>" in row)
            tokens = re.findall(r'name="csrfmiddlewaretoken" value="(.*?)"', row)
            assert len(tokens) == 2
            assert set(tokens) == {str(page.context["csrf_token"])}


def test_each_language_has_its_own(owner: User, client: Client) -> None:
    make_session(owner, title="a title")
    english = client.get(LIST, headers={"Accept-Language": "en"}).text
    chinese = client.get(LIST, headers={"Accept-Language": "zh-hans"}).text
    with override("en"):
        assert "Rename" in "".join(rows_of(english).values())
    assert "Rename" not in "".join(rows_of(chinese).values())


def test_what_is_kept_is_bounded(owner: User, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "_MOST", 3)
    for number in range(5):
        turn = make_turn(make_session(owner, title=f"s{number}"))
        for lane in range(number + 1):
            make_run(turn, lane=lane, model_id=f"m/{lane}")
    assert len(rows_of(client.get(LIST).text)) == 5
    assert len(rows._rendered) <= 3
