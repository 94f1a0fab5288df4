"""Search in titles, prompts and answers; on SQLite and on PostgreSQL the same."""

import pytest
from django.test import Client

from playground.accounts.models import User
from playground.history.search import MAX_TERMS, mark_terms, search, snippets, terms_of
from playground.recording.status import RunStatus
from playground.runs.models import Run, Session, Turn
from tests.history.factories import make_run, make_session, make_turn


def found(owner: User, query: str) -> set[str]:
    return set(search(Session.objects.filter(owner=owner), terms_of(query)).values_list("title", flat=True))


@pytest.fixture
def sessions(owner: User) -> None:
    for title, prompt, answer in [
        ("geography", "北京是首都吗？", "是的，北京是中华人民共和国的首都。"),
        ("song", "Write a song about sparkling water", "Bubbles dance in crystal light"),
        ("code", 'What does "a%b_c" mean? C++', "It's a \\ path: 100% of AND OR NOT (x*) ^y -z"),
        ("mixed", "Émile ÉCOLE", "Straße, naïve café"),
    ]:
        make_run(make_turn(make_session(owner, title=title), prompt, system=f"system of {title}"), text=answer)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("北京", {"geography"}),
        ("京", {"geography"}),
        ("中华人民", {"geography"}),
        ("首都吗", {"geography"}),
        ("上海", set()),
        ("sparkling", {"song"}),
        ("SPARK", {"song"}),
        ("arkl", {"song"}),
        ("crystal", {"song"}),
        ("ong", {"song"}),
        ("so", {"song"}),
        ("system of code", {"code"}),
        ("water crystal", {"song"}),
        ("water 北京", set()),
        ('"sparkling water"', {"song"}),
        ('"water sparkling"', set()),
        ("C++", {"code"}),
        ("100%", {"code"}),
        ("%", {"code"}),
        ("_", {"code"}),
        ("b_c", {"code"}),
        ("bxc", set()),
        ("(x*)", {"code"}),
        ("\\ p", {"code"}),
        ("It's", {"code"}),
        ("'; DROP TABLE runs_run; --", set()),
        ('"', {"code"}),
        ('"""', set()),
        ('a"b', set()),
        ("AND", {"code", "song"}),
        ("NEAR(a b)", set()),
        ("body:song", set()),
        ("^y", {"code"}),
        ("-z", {"code"}),
        ("café", {"mixed"}),
        ("", {"geography", "song", "code", "mixed"}),
        ("   ", {"geography", "song", "code", "mixed"}),
        ("\0", {"geography", "song", "code", "mixed"}),
        ("so\0ng", {"song"}),
    ],
)
@pytest.mark.usefixtures("sessions")
def test_what_is_found(owner: User, query: str, expected: set[str]) -> None:
    if query == "AND":  # in "AND OR NOT", and in "dance" there is none
        expected = {"code"}
    assert found(owner, query) == expected


@pytest.mark.usefixtures("sessions")
def test_letters_with_marks_are_found_in_any_case(owner: User) -> None:
    assert found(owner, "école") == {"mixed"}
    assert found(owner, "ÉMILE") == {"mixed"}


def test_terms() -> None:
    assert terms_of('one "two three"  four one') == ["one", "two three", "four"]
    assert terms_of('"open') == ['"open']
    assert terms_of('""') == ['""']
    assert len(terms_of(" ".join(f"t{n}" for n in range(50)))) == MAX_TERMS


def test_what_changes_is_found_as_it_is_now(owner: User) -> None:
    session = make_session(owner, title="first title")
    turn = make_turn(session, "first prompt")
    run = make_run(turn, text="first answer")

    session.title = "second title"
    session.save()
    Turn.objects.filter(pk=turn.pk).update(prompt="second prompt")
    Run.objects.filter(pk=run.pk).update(text="second answer")

    assert found(owner, "first") == set()
    for text in ("second title", "second prompt", "second answer"):
        assert found(owner, f'"{text}"') == {"second title"}

    run.delete()
    assert found(owner, '"second answer"') == set()
    turn.delete()
    assert found(owner, '"second prompt"') == set()
    session.delete()
    assert found(owner, "second") == set()


def test_an_answer_is_found_once_its_run_has_ended(owner: User) -> None:
    run = make_run(make_turn(make_session(owner, title="t")), text="incomplete", status=RunStatus.STREAMING)
    assert found(owner, "incomplete") == set()

    Run.objects.filter(pk=run.pk).update(text="complete at last", status=RunStatus.COMPLETED.value)
    assert found(owner, "at last") == {"t"}


def test_snippets_show_the_match_where_it_is(owner: User) -> None:
    long = make_session(owner)
    make_run(make_turn(long, "unrelated"), text="start " * 1000 + "the needle is here" + " end" * 1000)
    short = make_session(owner)
    make_turn(short, "a Needle <b>")
    neither = make_session(owner, title="needle in the title only")

    cut = snippets([long.pk, short.pk, neither.pk], ["needle"])

    assert set(cut) == {long.pk, short.pk}
    assert "the <mark>needle</mark> is here" in cut[long.pk]
    assert len(cut[long.pk]) < 250
    assert cut[short.pk] == "a <mark>Needle</mark> &lt;b&gt;"


def test_a_snippet_near_the_start_and_of_the_second_term(owner: User) -> None:
    session = make_session(owner)
    make_run(make_turn(session, "北京 first"), text="nothing")

    assert snippets([session.pk], ["absent", "北京"])[session.pk] == "<mark>北京</mark> first"
    assert snippets([session.pk], []) == {}


@pytest.mark.parametrize(
    ("text", "terms", "html"),
    [
        ("a<b>&c", [], "a&lt;b&gt;&amp;c"),
        ("a<b>&c", ["<b>"], "a<mark>&lt;b&gt;</mark>&amp;c"),
        ("<script>", ["script"], "&lt;<mark>script</mark>&gt;"),
        ("Water water", ["WATER"], "<mark>Water</mark> <mark>water</mark>"),
        ("ab abc", ["ab", "abc"], "<mark>ab</mark> <mark>abc</mark>"),
        ("1+1 (x)", ["+1", "(x)"], "1<mark>+1</mark> <mark>(x)</mark>"),
        ("amp & lt", ["amp", "&"], "<mark>amp</mark> <mark>&amp;</mark> lt"),
    ],
)
def test_marks(text: str, terms: list[str], html: str) -> None:
    assert mark_terms(text, terms) == html


@pytest.mark.usefixtures("sessions")
def test_the_page_shows_the_match(client: Client) -> None:
    html = client.get("/sessions/", {"q": "北京"}).text

    assert "<mark>北京</mark>是首都吗" in html
    assert 'value="北京"' in html
