"""The page of a run, whole and in parts."""

import re
import time
from datetime import timedelta
from http import HTTPStatus

import pytest
from django.test import Client
from django.utils import timezone

from playground.accounts.models import User
from playground.providers.sink import ErrorInfo
from playground.recording.events import Event
from playground.recording.status import RunStatus
from playground.runs.models import Run, Segment
from tests.history.conftest import HTMX, signed_in
from tests.history.factories import MS, log, make_run, make_session, make_turn, start, stream

VIEWS = ("answer", "characters", "tokens", "timeline", "events")


@pytest.fixture
def run(owner: User) -> Run:
    turn = make_turn(make_session(owner, title="A talk"), "Say **hello**.", parameters={"temperature": 0.5})
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Say **hello**."}]
    return make_run(turn, text="Hello **there**.", messages=messages)


@pytest.mark.parametrize("view", VIEWS)
def test_each_tab_is_a_page_a_part_and_a_link(client: Client, run: Run, view: str) -> None:
    page = client.get(f"/runs/{run.pk}/?view={view}")
    tab = client.get(f"/runs/{run.pk}/?view={view}", headers=HTMX)
    part = client.get(f"/runs/{run.pk}/{view}/", headers=HTMX)
    followed = client.get(f"/runs/{run.pk}/{view}/")
    restored = client.get(f"/runs/{run.pk}/?view={view}", headers={"HX-History-Restore-Request": "true"})

    assert all("<html" in whole.text for whole in (page, followed, restored))
    assert all("<html" not in piece.text for piece in (tab, part))
    assert part.text.strip().startswith('<div class="run-view')
    assert 'class="tabs"' in tab.text
    assert 'class="tabs"' not in part.text
    assert all("HX-Request" in response["Vary"] for response in (page, tab, part, followed))
    assert re.search(rf'href="/runs/{run.pk}/\?view={view}"[^>]*aria-current="page"', page.text)


@pytest.mark.parametrize("view", VIEWS)
def test_no_part_needs_inline_styles_or_scripts(client: Client, run: Run, view: str) -> None:
    html = client.get(f"/runs/{run.pk}/{view}/", headers=HTMX).text

    assert not re.search(r"\sstyle=|<script|<style|\son\w+=|hx-on|javascript:", html)


def test_the_header_says_what_was_asked_and_how_it_went(client: Client, run: Run) -> None:
    html = client.get(f"/runs/{run.pk}/").text

    for piece in ("sim/sim", "completed", "Be brief.", "Say **hello**.", "temperature", "120 ms", "A talk"):
        assert piece in html
    assert f'href="/sessions/{run.turn.session_id}/"' in html


def badges(html: str) -> list[str]:
    return [
        " ".join(words.split())
        for words in re.findall(r'<(?:span|a) class="badge[^>]*>(.*?)</(?:span|a)>', html, re.DOTALL)
    ]


def test_the_header_carries_the_badges_of_the_lane(owner: User, client: Client) -> None:
    turn = make_turn(make_session(owner), parameters={"logprobs": True, "top_p": 0.5})
    notice = (110 * MS, "notice", {"code": "one_chunk", "message": "The provider did not stream."})
    retry = (105 * MS, "retry.scheduled", {"attempt": 2, "of": 3, "delay_ms": 1, "code": "rate_limited"})
    events = log([*start(), retry, notice, (120 * MS, "chunk", "x")])
    run = make_run(turn, events, model_id="local/smollm2-135m", finish_reason="length")

    html = client.get(f"/runs/{run.pk}/").text

    for words in ("tiny demo model", "whole answer in one chunk", "retried 1×", "stopped at the token limit"):
        assert words in badges(html)
    assert "Attempts failed and were made again: rate_limited." in html
    assert f'href="/runs/{run.pk}/?view=events&amp;seq=4"' in html
    assert re.findall(r'<span class="mono">(.*?)</span>', html) == ["top_p 0.5", "logprobs"]


def test_one_token_is_no_whole_answer_in_one_chunk(owner: User, client: Client) -> None:
    run = make_run(make_turn(make_session(owner)), text="Yes", finish_reason="stop")

    assert {"simulated", "finished (stop)"} <= set(badges(client.get(f"/runs/{run.pk}/").text))
    assert "whole answer in one chunk" not in badges(client.get(f"/runs/{run.pk}/").text)


def test_an_answer_without_text_says_so(owner: User, client: Client) -> None:
    run = make_run(make_turn(make_session(owner)), stream([]), text="")

    assert "no text" in badges(client.get(f"/runs/{run.pk}/").text)


def test_a_live_run_is_stopped_on_its_page_by_who_may_and_cannot_be_exported_yet(
    owner: User, teammate: User, client: Client
) -> None:
    session = make_session(owner, visibility="workspace")
    live = make_run(make_turn(session), status=RunStatus.STREAMING)
    over = make_run(make_turn(session))
    stop, export = f'action="/runs/{live.pk}/stop/"', f'href="/runs/{live.pk}/export/"'

    mine, theirs = (who.get(f"/runs/{live.pk}/").text for who in (client, signed_in(teammate)))
    assert (stop in mine, stop in theirs) == (True, False)
    assert export not in mine
    assert "It can be exported once it is over." in mine
    ended = client.get(f"/runs/{over.pk}/").text
    assert "/stop/" not in ended
    assert f'href="/runs/{over.pk}/export/"' in ended


def test_an_unknown_view_is_the_answer(client: Client, run: Run) -> None:
    assert "<strong>there</strong>" in client.get(f"/runs/{run.pk}/?view=nonsense").text


@pytest.mark.parametrize(
    ("code", "says", "never"),
    [
        ("connection_lost", "Truncated here: the connection was lost.", "without its end mark"),
        ("no_end_marker", "Truncated here: the stream ended without its end mark.", "connection was lost"),
    ],
)
def test_the_mark_under_a_cut_answer_names_the_cause_that_the_error_names(
    owner: User, client: Client, code: str, says: str, never: str
) -> None:
    error = ErrorInfo(code, "It did not end well.")
    run = make_run(make_turn(make_session(owner)), text="As far", status=RunStatus.TRUNCATED, error=error)

    html = client.get(f"/runs/{run.pk}/").text

    assert says in html
    assert never not in html


@pytest.mark.parametrize(
    ("status", "mark"),
    [
        (RunStatus.CANCELLED, "Stopped here"),
        (RunStatus.TRUNCATED, "Truncated here"),
        (RunStatus.FILTERED, "Filtered here"),
        (RunStatus.FAILED, "not whole"),
        (RunStatus.INTERRUPTED, "Interrupted here"),
        (RunStatus.STREAMING, "Still streaming"),
    ],
)
def test_a_partial_answer_is_kept_and_marked(owner: User, client: Client, status: RunStatus, mark: str) -> None:
    error = ErrorInfo("upstream_reset", "The connection was lost. Retry.") if status == RunStatus.FAILED else None
    run = make_run(make_turn(make_session(owner)), text="As far as it", status=status, error=error)

    html = client.get(f"/runs/{run.pk}/").text

    assert "As far as it" in html
    assert mark in html
    assert ("The connection was lost. Retry." in html) == (status == RunStatus.FAILED)


def test_a_whole_answer_has_no_mark(client: Client, run: Run) -> None:
    assert "run-view__mark" not in client.get(f"/runs/{run.pk}/").text


def test_reasoning_tool_calls_and_choices(owner: User, client: Client) -> None:
    events = stream(
        [
            {"reasoning": "<i>think</i>"},
            {"tool_call": {"index": 0, "name": "f", "arguments": '{"a":1}'}},
            {"text": "_b_", "choice": 1},
        ]
    )
    run = make_run(make_turn(make_session(owner)), events)

    html = client.get(f"/runs/{run.pk}/answer/", headers=HTMX).text

    assert "&lt;i&gt;think&lt;/i&gt;" in html
    assert "<details" in html
    assert "{&quot;a&quot;:1}" in html
    assert "Choice 2" in html
    assert "<em>b</em>" in html


def test_bytes_after_the_last_event_were_received_too(owner: User, client: Client) -> None:
    events = [event._replace(offset=5) for event in stream(["a"])]
    run = make_run(make_turn(make_session(owner)), events, raw=b"data:a, and of the next event a half")

    assert "36 B" in client.get(f"/runs/{run.pk}/timeline/", headers=HTMX).text


def test_hostile_text_is_escaped_in_every_view(owner: User, client: Client) -> None:
    evil = "</pre><script>alert(1)</script><img src=x onerror=alert(1)>"
    turn = make_turn(make_session(owner, title=evil), evil, parameters={"stop": [evil]})
    run = make_run(turn, stream([evil, {"reasoning": evil}]), model_id=f"sim/{evil}", error=ErrorInfo("x", evil))

    for address in (
        *(f"/runs/{run.pk}/?view={view}" for view in VIEWS),
        f"/runs/{run.pk}/events/4/",
        "/sessions/?q=alert",
    ):
        html = client.get(address).text
        assert "<script>alert" not in html
        assert "<img src=x" not in html


def test_a_live_run_shows_what_is_there_and_asks_again(owner: User, client: Client) -> None:
    run = make_run(make_turn(make_session(owner)), text="so far", status=RunStatus.STREAMING)
    Run.objects.filter(pk=run.pk).update(created_at=timezone.now() - timedelta(seconds=30))

    for view in VIEWS:
        html = client.get(f"/runs/{run.pk}/?view={view}").text
        assert 'hx-trigger="every 2s"' in html
    assert "1 stall" in client.get(f"/runs/{run.pk}/?view=timeline").text


def test_a_finished_run_does_not_ask_again(client: Client, run: Run) -> None:
    assert 'hx-trigger="every' not in client.get(f"/runs/{run.pk}/").text


def test_a_run_without_a_recording(owner: User, client: Client) -> None:
    run = make_run(make_turn(make_session(owner)), [], status=RunStatus.QUEUED)

    for view in VIEWS:
        assert client.get(f"/runs/{run.pk}/?view={view}").status_code == HTTPStatus.OK


def test_a_run_whose_recording_is_gone_still_has_its_answer(client: Client, run: Run) -> None:
    Segment.objects.all().delete()

    assert "<strong>there</strong>" in client.get(f"/runs/{run.pk}/").text


def test_the_first_five_events_then_more(owner: User, client: Client) -> None:
    run = make_run(make_turn(make_session(owner)), stream(["x"] * 200))

    part = client.get(f"/runs/{run.pk}/events/", headers=HTMX).text
    assert part.count("events__summary") == 5
    assert "… truncated, show more (200 left)" in part

    more = client.get(f"/runs/{run.pk}/events/?kind=&after=4", headers=HTMX).text
    assert more.strip().startswith("<tr>")
    assert more.count("events__summary") == 100
    assert "(100 left)" in more

    page = client.get(f"/runs/{run.pk}/?view=events&kind=&after=4").text
    assert "<html" in page
    assert page.count("events__summary") == 100


@pytest.mark.parametrize("after", ["x", "-5", "9" * 40, "１", ""])
def test_a_position_that_is_none_is_the_start(client: Client, run: Run, after: str) -> None:
    for view in ("events", "tokens"):
        assert client.get(f"/runs/{run.pk}/", {"view": view, "after": after}).status_code == HTTPStatus.OK
    assert client.get(f"/runs/{run.pk}/", {"view": "characters", "start": after}).status_code == HTTPStatus.OK


def test_events_of_one_kind(client: Client, run: Run) -> None:
    html = client.get(f"/runs/{run.pk}/events/?kind=chunk", headers=HTMX).text

    assert html.count("events__summary") == 2
    assert client.get(f"/runs/{run.pk}/events/?kind=nonsense", headers=HTMX).text.count("events__summary") == 5


def test_one_event_as_json_with_its_bytes(owner: User, client: Client) -> None:
    raw = b'data: {"t":"<b>"}\n\n'
    events = [*log(start()), Event(4, 120 * MS, "chunk", "<b>", len(raw))]
    run = make_run(make_turn(make_session(owner)), events, raw=raw)

    row = client.get(f"/runs/{run.pk}/events/4/", headers=HTMX).text
    page = client.get(f"/runs/{run.pk}/events/4/").text

    for html in (row, page):
        assert "&quot;kind&quot;: &quot;chunk&quot;" in html
        assert "data: {&quot;t&quot;:&quot;&lt;b&gt;&quot;}↵" in html
        assert "19 bytes" in html
    assert row.strip().startswith("<tr")
    assert "<html" in page
    assert client.get(f"/runs/{run.pk}/events/99/").status_code == HTTPStatus.NOT_FOUND


def test_long_answers_come_in_pages(owner: User, client: Client) -> None:
    run = make_run(make_turn(make_session(owner)), stream(["ab "] * 2500))

    tokens = client.get(f"/runs/{run.pk}/tokens/", headers=HTMX).text
    characters = client.get(f"/runs/{run.pk}/characters/", headers=HTMX).text

    assert tokens.count('class="token ') == 2000 + 5  # and the legend
    assert characters.count('class="character') >= 2000
    (address,) = re.findall(r'hx-get="([^"]*tokens/\?after=\d+)"', tokens)
    assert client.get(address, headers=HTMX).text.count('class="token ') == 500 + 5


def test_relatives_and_other_lanes_are_linked(owner: User, client: Client, run: Run) -> None:
    again = make_run(run.turn, retries=run, status=RunStatus.TRUNCATED)
    third = make_run(run.turn, continues=again)
    other = make_run(run.turn, lane=1, model_id="sim/other")

    first, second, newest = (header_links(client, each) for each in (run, again, third))

    assert first == {
        str(other.pk): "sim/other",
        str(again.pk): "retry of this run · truncated",
        str(third.pk): "a continuation · completed",
    }
    assert second == {
        str(other.pk): "sim/other",
        str(run.pk): "the run that this one retries · completed",
        str(third.pk): "continuation of this run · completed",
    }
    assert newest == {
        str(other.pk): "sim/other",
        str(run.pk): "the first run · completed",
        str(again.pk): "the run that this one continues · truncated",
    }
    html = client.get(f"/runs/{again.pk}/").text
    assert html.index("Earlier runs of this lane:") < html.index(str(run.pk)) < html.index("Later runs of this lane:")


def test_another_lane_is_linked_once_to_its_newest_run(owner: User, client: Client, run: Run) -> None:
    cut = make_run(run.turn, lane=1, model_id="sim/other", status=RunStatus.TRUNCATED)
    whole = make_run(run.turn, lane=1, model_id="sim/other", continues=cut)
    twin = make_run(run.turn, lane=2, model_id="sim/other")

    assert header_links(client, run) == {str(whole.pk): "sim/other (lane 2)", str(twin.pk): "sim/other (lane 3)"}


def header_links(client: Client, run: Run) -> dict[str, str]:
    """The words of the links to other runs above the tabs of a run's page, without their times."""
    html = client.get(f"/runs/{run.pk}/").text
    head = html[html.index('class="run__path"') : html.index('class="facts')]
    links = re.findall(r'<a (?:class="run__lane" )?href="/runs/([0-9a-f-]{36})/">(.*?)</a>', head, re.DOTALL)
    return {key: " ".join(re.sub(r"<time.*", "", words, flags=re.DOTALL).split()).rstrip(" ·") for key, words in links}


def test_the_drawing_can_be_read_without_seeing_it(client: Client, run: Run) -> None:
    html = client.get(f"/runs/{run.pk}/timeline/", headers=HTMX).text

    assert 'role="img"' in html
    assert f'aria-labelledby="timeline-title-{run.pk} timeline-text-{run.pk}"' in html
    assert f'<title id="timeline-title-{run.pk}">' in html
    assert re.search(r"<desc[^>]*>.*First token after 120 ms\..*</desc>", html)
    assert html.count("<tr>") > 5


def test_the_timeline_of_10_000_tokens_is_quick(owner: User, client: Client) -> None:
    run = make_run(make_turn(make_session(owner)), stream([f" word{n % 97}" for n in range(10_000)], gap=5 * MS))
    client.get(f"/runs/{run.pk}/timeline/", headers=HTMX)

    took = []
    for _ in range(3):
        started = time.process_time()
        html = client.get(f"/runs/{run.pk}/timeline/", headers=HTMX).text
        took.append(time.process_time() - started)

    assert min(took) < 0.1
    assert len(html) < 64 * 1024
