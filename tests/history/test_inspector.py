"""From a word to its chunk, event and bytes, and back."""

from http import HTTPStatus

import pytest
from django.test import Client

from playground.accounts.models import User
from playground.history.inspector import chunk_of_rendered, inspect
from playground.history.origins import dump, origin, pieces, placed
from playground.recording.events import CHUNK, FIRST_BYTE, Event
from playground.recording.log import Read
from playground.recording.segments import pack_reads
from playground.runs.models import Run, Segment
from tests.history.conftest import HTMX
from tests.history.factories import make_run, make_session, make_turn

PARTS = ["Hel", "lo ", "北", "京 e", "\u0301."]
SIZE = 12  # bytes of each event
READS = [Read(10, b"a" * 24), Read(20, b"b" * 6), Read(30, b"c" * 30)]  # the third event came in two reads
EVENTS = [Event(seq, [10, 10, 30, 30, 30][seq], CHUNK, text, SIZE * (seq + 1)) for seq, text in enumerate(PARTS)]


def test_an_event_names_its_bytes_and_reads() -> None:
    found = origin(EVENTS, placed(READS), 1)

    assert found is not None
    assert (found.span, [read.number for read in found.reads], found.shares) == ((12, 24), [1], [0, 1])


def test_an_event_may_come_in_two_reads() -> None:
    found = origin(EVENTS, placed(READS), 2)

    assert found is not None
    assert [read.number for read in found.reads] == [2, 3]
    assert found.raw == b"b" * 6 + b"c" * 6
    assert found.shares == [2, 3, 4]


def test_events_of_the_same_bytes_share_them() -> None:
    twins = [*EVENTS, Event(5, 30, CHUNK, "!", EVENTS[-1].offset)]

    assert origin(twins, placed(READS), 4)._replace(shares=()) == origin(twins, placed(READS), 5)._replace(shares=())


def test_what_no_byte_caused_has_no_origin() -> None:
    assert origin([Event(0, 0, "run.started", {})], placed(READS), 0) is None
    assert origin(EVENTS, placed([]), 0) is None


def test_the_dump_marks_an_events_own_bytes() -> None:
    found = origin(EVENTS, placed(READS), 1)
    assert found is not None

    rows, left = dump(found.read, found.span)

    assert [sum(cell.is_own for cell in row.cells) for row in rows] == [0, 4, 8]
    assert left == 0


def test_a_read_is_cut_where_its_events_end() -> None:
    cut = [(piece.seq, len(piece.raw)) for piece in pieces(EVENTS, placed(READS)[2])]

    assert cut == [(2, 6), (3, 12), (4, 12)]


def test_a_chunk_has_the_bytes_of_its_own_message_and_no_others() -> None:
    role, text = b'data: {"role"}\r\n\r\n', b'data: {"Hi"}\r\n\r\n'
    events = [
        Event(0, 5, FIRST_BYTE, {"attempt": 1}, 1),
        Event(1, 5, CHUNK, "Hi", len(role + text)),
    ]
    (read,) = placed([Read(5, role + text)])

    found = origin(events, [read], 1)
    assert found is not None
    assert (found.raw, found.shares) == (text, [1])
    assert origin(events, [read], 0) is None
    assert [(piece.seq, piece.raw) for piece in pieces(events, read)] == [(None, role), (1, text)]


def test_a_chunk_shows_its_white_space_and_code_points() -> None:
    shown = inspect(EVENTS, placed(READS), 3)

    assert shown.text == "京·e"
    assert [point.code for point in shown.code_points] == ["U+4EAC", "U+0020", "U+0065"]
    assert (shown.before, shown.after) == (2, 4)
    assert shown.rendered == (6, 8)


@pytest.mark.parametrize(("place", "seq"), [(0, 0), (3, 1), (5, 2), (6, 3), (8, 4)])
def test_a_character_of_the_answer_leads_to_its_chunk(place: int, seq: int) -> None:
    assert chunk_of_rendered(EVENTS, place) == seq


@pytest.fixture
def run(owner: User) -> Run:
    run = make_run(make_turn(make_session(owner)), EVENTS)
    Segment.objects.filter(run=run).update(reads=pack_reads(READS))
    return run


@pytest.mark.parametrize("view", ["answer", "tokens", "events", "bytes"])
def test_an_address_points_at_a_chunk(client: Client, run: Run, view: str) -> None:
    html = client.get(f"/runs/{run.pk}/?view={view}&seq=2").text

    assert "Chunk #2" in html
    assert view == "answer" or html.count('id="chosen"') == 1
    assert 'data-from="5"' in html


def test_an_address_points_at_a_moment(client: Client, run: Run) -> None:
    html = client.get(f"/runs/{run.pk}/?view=timeline&t=0.00002").text

    assert "tl-cursor" in html
    assert f'/runs/{run.pk}/?view=tokens&amp;seq=1">#1</a>' in html
    assert f'/runs/{run.pk}/?view=tokens&amp;seq=2">#2</a>' in html


@pytest.mark.parametrize("t", ["", "x", "-1", "nan", "inf"])
def test_what_is_no_moment_is_none(client: Client, run: Run, t: str) -> None:
    assert "tl-cursor" not in client.get(f"/runs/{run.pk}/?view=timeline&t={t}").text


def test_the_inspector_alone(client: Client, run: Run) -> None:
    by_seq = client.get(f"/runs/{run.pk}/inspect/?view=tokens&seq=3", headers=HTMX)
    by_place = client.get(f"/runs/{run.pk}/inspect/?view=answer&at=6", headers=HTMX)
    missing = client.get(f"/runs/{run.pk}/inspect/?seq=99", headers=HTMX)
    followed = client.get(f"/runs/{run.pk}/inspect/?view=tokens&seq=3")

    assert "Chunk #3" in by_seq.text
    assert "Chunk #3" in by_place.text
    assert "<html" not in by_seq.text
    assert missing.status_code == HTTPStatus.NOT_FOUND
    assert followed["Location"] == f"/runs/{run.pk}/?view=tokens&seq=3"


def test_tokens_are_links_on_the_runs_page_only(client: Client, run: Run) -> None:
    assert 'href="?view=tokens&amp;seq=1"' in client.get(f"/runs/{run.pk}/?view=tokens").text
    assert 'href="?view=tokens' not in client.get(f"/runs/{run.pk}/tokens/", headers=HTMX).text


def test_a_token_far_down_is_on_the_page_that_its_address_opens(owner: User, client: Client) -> None:
    run = make_run(make_turn(make_session(owner)), text="w " * 4_500)

    html = client.get(f"/runs/{run.pk}/?view=tokens&seq=4100").text

    assert 'data-seq="4100" id="chosen"' in html
    assert 'data-seq="10"' not in html


def test_a_lane_gets_its_badges_with_the_answer(client: Client, run: Run) -> None:
    html = client.get(f"/runs/{run.pk}/answer/", headers=HTMX).text

    assert f'id="badges-{run.pk}"' in html
    assert 'hx-swap-oob="true"' in html


def test_another_tab_shows_the_same_place(client: Client, owner: User) -> None:
    run = make_run(make_turn(make_session(owner)), text="Hello there.")

    page = client.get(f"/runs/{run.pk}/?view=answer&seq=4").content.decode()

    assert f"/runs/{run.pk}/?view=tokens&amp;seq=4" in page
    assert f"/runs/{run.pk}/?view=timeline&amp;seq=4&amp;t=0." in page
