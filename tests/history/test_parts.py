"""A long run is shown in parts: each as if it were the run, with every event at its own place."""

import re
from collections.abc import Sequence

import orjson
import pytest
from django.test import Client

from playground.accounts.models import User
from playground.history import parts
from playground.history.origins import placed_of
from playground.history.part_timeline import timeline_of
from playground.history.parts import PartOfEvents, received
from playground.history.timeline import Gap, Phase, Timeline
from playground.history.timeline_drawing import draw
from playground.history.timeline_words import description, first_token, lane_outcome, moments
from playground.recording.events import ATTEMPT_STARTED, CHUNK, FIRST_BYTE, RUN_ENDED, RUN_STARTED, Event
from playground.recording.log import Read
from playground.recording.metrics import measure
from playground.recording.status import RunStatus
from playground.recording.units import size
from playground.runs import compaction, stored
from playground.runs.models import Run, Segment
from playground.runs.reader import RecordedLog, open_log
from tests.factories import make_token
from tests.history.conftest import HTMX
from tests.history.factories import make_run, make_session, make_turn

COUNT = 100
PART = 8
TAIL = {"status": "completed", "finish_reason": "stop", "error": None, "attempts": 1}


def long_log() -> tuple[list[Event], list[Read]]:
    events = [Event(0, 0, RUN_STARTED, {"model": "m"}), Event(1, 5, ATTEMPT_STARTED, {"attempt": 1})]
    events.append(Event(2, 9, FIRST_BYTE, {"attempt": 1}, 1))
    reads = []
    for seq in range(3, COUNT - 1):
        raw = f"data: w{seq}\n\n".encode()
        reads.append(Read(seq * 20_000, raw))
        events.append(Event(seq, seq * 20_000, CHUNK, f"w{seq} ", sum(len(read.raw) for read in reads)))
    return [*events, Event(COUNT - 1, COUNT * 20_000, RUN_ENDED, TAIL)], reads


EVENTS, READS = long_log()


@pytest.fixture(autouse=True)
def short_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PART", PART)
    for module in (parts, stored):
        monkeypatch.setattr(module, "LONG", 50)
    monkeypatch.setattr("playground.runs.reader.LONG", 50)
    monkeypatch.setattr(compaction, "EVENTS_PER_BLOCK", PART)
    monkeypatch.setattr(stored, "EVENTS_PER_BLOCK", PART)


@pytest.fixture
def run(owner: User) -> Run:
    run = make_run(make_turn(make_session(owner)), EVENTS, last_seq=COUNT - 1)
    Segment.objects.filter(run=run).delete()
    Segment.objects.bulk_create(compaction.pack_compact(run.pk, [(EVENTS, READS)]))
    return run


def seqs_in(html: str) -> list[int]:
    return [int(seq) for seq in re.findall(r'class="token [^>]*data-seq="(\d+)"', html)]


@pytest.mark.parametrize("number", [1, 2, 13])
def test_a_part_is_a_sequence_with_each_event_at_its_own_place(number: int) -> None:
    part = PartOfEvents(EVENTS, number)
    first = (number - 1) * PART
    mine: Sequence[Event] = EVENTS[first : first + PART]
    assert (part.first, part.last, len(part), part.of) == (first, first + len(mine) - 1, COUNT, 13)
    assert list(part) == mine
    assert list(reversed(part)) == mine[::-1]
    assert [part[seq] for seq in (0, 50, COUNT - 1, -1)] == [EVENTS[seq] for seq in (0, 50, COUNT - 1, -1)]
    assert part[:] == mine
    assert part[first + 2 : first + 4] == mine[2:4]
    assert part[first + 3 :] == mine[3:]
    assert part[: first + 3] == mine[:3]


def test_the_bytes_of_a_part_are_those_of_its_events(run: Run) -> None:
    log = open_log(run)
    for number in range(1, 14):
        part = PartOfEvents(log.events, number)
        reads = placed_of(RecordedLog(run.pk, RunStatus.COMPLETED, part, run))
        chunks = [event for event in part if event.kind == CHUNK]
        assert [read.raw for read in reads if read.start >= part.begin] == [
            READS[event.seq - 3].raw for event in chunks
        ]
        assert all(reads[i].number == event.seq - 2 for i, event in enumerate(chunks))


def test_the_first_part_is_shown_and_leads_to_the_others(client: Client, run: Run) -> None:
    html = client.get(f"/runs/{run.pk}/?view=tokens").text
    assert seqs_in(html) == [3, 4, 5, 6, 7]
    assert "Part 1 of 13: events 0 to 7" in html
    assert f'href="/runs/{run.pk}/?view=tokens&amp;part=2"' in html
    later = client.get(f"/runs/{run.pk}/tokens/?part=2", headers=HTMX).text
    assert seqs_in(later) == list(range(8, 16))
    last = client.get(f"/runs/{run.pk}/tokens/?part=99", headers=HTMX).text
    assert "Part 13 of 13: events 96 to 99" in last
    assert "Later part" not in last


@pytest.mark.parametrize("query", ["seq=50", "t=1.0", "after=49", "part=7"])
def test_a_place_leads_to_its_part(client: Client, run: Run, query: str) -> None:
    assert "Part 7 of 13: events 48 to 55" in client.get(f"/runs/{run.pk}/?view=tokens&{query}").text


@pytest.mark.parametrize(
    ("view", "holds", "holds_not"),
    [
        ("answer", "w48 w49 w50", "w56"),
        ("characters", 'class="character character--first">w<', "w56"),
        ("tokens", 'data-seq="50"', 'data-seq="56"'),
        ("timeline", "Attempt 1", "Before the first attempt"),
        ("events", "w50", "w56"),
        ("bytes", "data: w50", "data: w56"),
    ],
)
def test_each_view_shows_the_part_alone(client: Client, run: Run, view: str, holds: str, holds_not: str) -> None:
    html = client.get(f"/runs/{run.pk}/?view={view}&part=7").text
    assert holds in html
    assert holds_not not in html
    tabs = re.findall(r'class="tabs__tab"[^>]*href="([^"]*)"', html)
    assert all("part=7" in tab for tab in tabs)


@pytest.mark.parametrize("seq", [3, 8, 50, 97])
def test_the_inspector_knows_bytes_in_any_part(client: Client, run: Run, seq: int) -> None:
    html = client.get(f"/runs/{run.pk}/inspect/?view=tokens&seq={seq}", headers=HTMX).text
    assert f"w{seq}" in html
    event = client.get(f"/runs/{run.pk}/events/{seq}/", headers=HTMX).text
    assert f"data: w{seq}" in event


def test_a_word_of_the_rendered_part_is_found(client: Client, run: Run) -> None:
    html = client.get(f"/runs/{run.pk}/inspect/?view=answer&at=4&part=7", headers=HTMX).text
    assert "w49" in html


def timeline(number: int, events: Sequence[Event] = EVENTS) -> Timeline:
    return timeline_of(PartOfEvents(events, number), measure(events), None)


@pytest.mark.parametrize(("number", "start", "end"), [(1, 0, 7), (2, 7, 15), (7, 47, 55), (13, 95, 100)])
def test_a_timeline_of_a_part_has_the_times_of_the_run(number: int, start: int, end: int) -> None:
    found = timeline(number)
    assert (found.start, found.end) == (start * 20_000, end * 20_000)
    assert all(found.start <= span.start < span.end <= found.end for lane in found.lanes for span in lane.spans)
    (stream,) = [span for lane in found.lanes for span in lane.spans if span.phase == Phase.STREAM]
    assert stream.is_cut
    assert first_token(found) == (60_000 if number == 1 else None)


def test_a_part_says_only_of_what_it_has_the_end_how_long_it_took() -> None:
    assert [lane_outcome(timeline(number).lanes[-1]) for number in (1, 2, 13)] == [
        "goes on in a later part",
        "goes on in a later part",
        "2 s",
    ]
    assert [moment.what for moment in moments(timeline(2))] == ["Streaming, in this part"]
    assert [(moment.what, moment.start) for moment in moments(timeline(13))] == [
        ("Streaming, in this part", "1.9 s"),
        ("End", "2 s"),
    ]
    assert description(timeline(2)).endswith("This part of the run lasts from 140 ms to 300 ms.")


def test_a_gap_between_two_parts_is_seen_in_the_later() -> None:
    late = [event._replace(t=event.t + (5_000_000 if event.seq >= 48 else 0)) for event in EVENTS]
    assert timeline(6, late).stalls == []
    assert timeline(7, late).stalls == [Gap(47 * 20_000, 48 * 20_000 + 5_000_000)]
    drawn = draw(timeline(7, late))
    assert Phase.STALL in drawn.phases
    assert all(0 <= float(bar.x.rstrip("%")) <= 100 for row in drawn.rows for bar in row.bars)


def test_an_attempt_whose_beginning_is_far_is_told_without_its_length() -> None:
    begun = Event(20, 20 * 20_000, ATTEMPT_STARTED, {"attempt": 2})
    second = [Event(e.seq, e.t, CHUNK, {"text": "x", "attempt": 2}) for e in EVENTS[21:-1]]
    events = [*EVENTS[:20], begun, *second, EVENTS[-1]]
    assert [lane_outcome(lane) for lane in timeline(3, events).lanes] == ["400 ms", "goes on in a later part"]
    (lane,) = timeline(13, events).lanes
    assert (lane.number, lane_outcome(lane)) == (2, "")
    assert {span.phase for span in lane.spans} == {Phase.STREAM}


def test_the_ticks_of_a_part_can_be_told_apart() -> None:
    late = [event._replace(t=event.t + 3_000_000_000) for event in EVENTS]
    labels = [tick.label for tick in draw(timeline(7, late)).ticks]
    assert len(labels) > 2
    assert len(set(labels)) == len(labels)
    assert labels[0] == "3,000.95 s"


def test_what_is_received_is_that_of_the_run_in_every_part(client: Client, run: Run) -> None:
    total = sum(len(read.raw) for read in READS)
    logs = [RecordedLog(run.pk, RunStatus.COMPLETED, PartOfEvents(open_log(run).events, n), run) for n in (1, 7, 13)]
    assert [received(log) for log in logs] == [total] * 3
    html = client.get(f"/runs/{run.pk}/?view=timeline&part=2").text
    assert size(total) in html
    assert "Stalls in this part" in html


def test_the_numbers_of_a_run_stand_on_its_page_once(client: Client, run: Run) -> None:
    for headers in ({}, HTMX):
        assert client.get(f"/runs/{run.pk}/?view=timeline&part=2", headers=headers).text.count("<dt>TTFT</dt>") == 1


@pytest.mark.parametrize("view", ["answer", "characters", "tokens", "timeline", "events", "bytes"])
def test_the_links_to_parts_change_the_address_of_the_runs_page(client: Client, run: Run, view: str) -> None:
    page = client.get(f"/runs/{run.pk}/?view={view}&part=2").text
    nav = page[page.index('<nav class="parts"') :]
    nav = nav[: nav.index("</nav>")]
    assert [int(part) for part in re.findall(rf'hx-get="/runs/{run.pk}/\?view={view}&amp;part=(\d+)"', nav)] == [
        1,
        3,
        13,
    ]
    assert nav.count('hx-push-url="true"') == nav.count('hx-target="#run"') == 4
    alone = client.get(f"/runs/{run.pk}/{view}/?part=2", headers=HTMX).text  # in a lane of a session's page
    assert f'hx-get="/runs/{run.pk}/{view}/?part=3"' in alone
    assert "hx-push-url" not in alone


def test_any_part_is_gone_to_by_its_number(client: Client, run: Run) -> None:
    page = client.get(f"/runs/{run.pk}/?view=events&kind=chunk&part=2").text
    (form,) = re.findall(r'<form class="parts__go".*?</form>', page, re.DOTALL)
    (field,) = re.findall(r'<label for="([^"]*)">Go to part</label>', form)
    assert f'id="{field}"' in form
    assert re.search(r'name="part"\s+min="1"\s+max="13"\s+value="2"', form)
    assert 'name="view" value="events"' in form
    assert 'name="kind" value="chunk"' in form


def test_only_the_last_part_says_how_the_answer_ended(client: Client, run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(status=RunStatus.TRUNCATED)
    first, last = (client.get(f"/runs/{run.pk}/?view=answer&part={number}").text for number in (1, 13))
    assert "The answer goes on in the next part." in first
    assert "Truncated here" not in first
    assert "Truncated here" in last


def test_what_is_counted_in_a_part_says_so(client: Client, run: Run) -> None:
    assert "8 tokens in this part" in client.get(f"/runs/{run.pk}/?view=tokens&part=2").text
    assert "8 network reads in this part" in client.get(f"/runs/{run.pk}/?view=bytes&part=2").text
    events = client.get(f"/runs/{run.pk}/?view=events&part=2").text
    assert re.findall(r'class="chip__count">(\d+)<', events) == ["8", "8"]


def test_the_first_token_of_a_later_part_has_its_gap(client: Client, run: Run) -> None:
    html = client.get(f"/runs/{run.pk}/tokens/?part=2", headers=HTMX).text
    assert 'title="#8 · 160 ms · +20 ms"' in html
    assert '<span class="tokens__start">8</span>' in html


def test_a_moment_before_the_first_chunk_of_a_part_lies_between_two(client: Client, run: Run) -> None:
    html = client.get(f"/runs/{run.pk}/?view=timeline&t=0.319").text  # the part of event 15; the next chunk is 16
    assert "between two chunks, 20 ms apart" in " ".join(html.split())


@pytest.mark.parametrize("after", [-1, 0, 7, 42, 98, 99, 500])
def test_the_api_gives_the_events_of_a_long_run_from_any_position(client: Client, run: Run, after: int) -> None:
    token = make_token(run.turn.session.owner)
    response = client.get(f"/api/v1/runs/{run.pk}/events?after={after}", headers={"Authorization": f"Bearer {token}"})
    assert response.streaming
    lines = b"".join(response.streaming_content).splitlines()  # type: ignore[attr-defined]  (the stubs know no stream)
    assert [orjson.loads(line)["data"] for line in lines] == [event.data for event in EVENTS[after + 1 :]]


def test_a_run_that_is_not_long_has_no_parts(client: Client, owner: User) -> None:
    run = make_run(make_turn(make_session(owner)))
    assert "Part 1" not in client.get(f"/runs/{run.pk}/?view=tokens").text


def test_a_page_of_a_session_shows_the_beginning_of_a_long_answer(client: Client, owner: User) -> None:
    session = make_session(owner)
    run = make_run(make_turn(session), [])
    Run.objects.filter(pk=run.pk).update(text="a line\n" * 20_000 + "the end")
    html = client.get(f"/sessions/{session.pk}/").text
    assert "it has 140007 characters" in html or "it has 140,007 characters" in html
    assert "the end" not in html
    assert f'href="/runs/{run.pk}/"' in html
