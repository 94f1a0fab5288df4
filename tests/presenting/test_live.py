"""Live answers on the stage, on a real server: the audience follows; a recording takes over where one fails."""

from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosed

from tests.presenting.presenter import Presenter, hear, say
from tests.server import Follower, Server, running_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("show")) as server:
        yield server


@pytest.fixture(scope="module")
def presenter(server: Server) -> Iterator[Presenter]:
    presenter = Presenter(server)
    yield presenter
    presenter.http.close()


def test_the_audience_follows_a_live_answer_and_who_is_late_has_all_of_it(presenter: Presenter) -> None:
    presenter.start(presenter.send("sim/sim-n60-r60-d20"))
    presenter.do("next")
    with presenter.audience() as early, presenter.audience() as late:
        say(early, op="join", room=presenter.room)
        hear(early, "joined")
        lane = presenter.do("live")["lanes"][0]
        told = hear(early, "nudge", what="stage")["data"]
        assert told["lanes"] == [lane]
        assert lane["kind"] == "live"
        first = Follower(early, lane["run"])
        first.until(20)
        second = Follower(late, lane["run"])
        assert second.finish() == first.finish()
        assert "url" not in str(first.events)
    state = presenter.state()
    assert [lane["kind"] for lane in state["lanes"]] == ["live"]
    presenter.do("next")


def test_upcoming_answers_and_other_rooms_are_closed_to_the_audience(presenter: Presenter) -> None:
    session = presenter.send("sim/sim-n5-r0")
    presenter.start(session)
    presenter.do("next")
    recorded = presenter.do("replay")["lanes"][0]["run"]
    presenter.post(f"{presenter.path}end/")
    presenter.start(session)
    with presenter.audience() as socket:
        say(socket, op="subscribe", run=recorded, after=-1)
        assert hear(socket, "error")["code"] == "not_found"
        say(socket, op="join", room=f"session:{session.strip('/')[9:]}")
        assert hear(socket, "error")["code"] == "not_found"
        say(socket, op="cancel", run=recorded)
        assert hear(socket, "error")["code"] in ("forbidden", "not_found")


def test_a_failing_answer_gives_way_to_a_recording_that_says_so(presenter: Presenter) -> None:
    # Its first attempts are refused, as are all of a live answer: the recording is of another model in the lane.
    session = presenter.send("sim/sim-n5-r0")
    presenter.server.manage("shell", "-c", _other_model(session, "sim/sim-e401-n5-r0"))
    presenter.start(session)
    presenter.do("next")
    presenter.do("live")
    lane = presenter.wait_for_kind("fallback")
    assert lane["failure"] == "not_authenticated"
    assert lane["recorded_at"]
    assert lane["started_at"] > 0


def test_an_answer_that_does_not_begin_in_time_gives_way_too(presenter: Presenter) -> None:
    session = presenter.send("sim/sim-n5-r0")
    presenter.server.manage("shell", "-c", _other_model(session, "sim/sim-n5-r0-d60000"))
    presenter.start(session, patience_s=2)
    presenter.do("next")
    presenter.do("live")
    assert presenter.wait_for_kind("fallback")["failure"] == "first_chunk_timeout"


def test_without_a_recording_a_slow_answer_is_waited_for(presenter: Presenter) -> None:
    session = presenter.send("sim/sim-e401-n5-r0")
    presenter.server.manage("shell", "-c", _other_model(session, "sim/sim-n5-r0-d6000"))
    presenter.start(session, patience_s=2)
    presenter.do("next")
    run = presenter.do("live")["lanes"][0]["run"]
    presenter.wait_for_text(f"{presenter.path}speaker/", "still waiting")
    with presenter.audience() as audience:
        assert Follower(audience, run).finish()
    lane = presenter.state()["lanes"][0]
    assert (lane["run"], lane["kind"], lane["failure"]) == (run, "live", "")
    assert "still waiting" not in presenter.http.get(f"{presenter.path}speaker/").text


def test_without_a_recording_the_failure_stays_on_the_stage(presenter: Presenter) -> None:
    presenter.start(presenter.send("sim/sim-e401-n5-r0"))
    presenter.do("next")
    assert presenter.do("replay")["lanes"][0]["failure"] == "no_recording"
    assert presenter.do("live")["lanes"][0]["kind"] == "live"


def test_the_end_reaches_everybody_and_closes_the_sockets(presenter: Presenter) -> None:
    presenter.start(presenter.send("sim/sim-n5-r0"))
    with presenter.audience() as socket:
        say(socket, op="join", room=presenter.room)
        hear(socket, "joined")
        assert hear(socket, "presence")["watching"] == 1
        presenter.post(f"{presenter.path}end/")
        assert hear(socket, "nudge", what="stage")["data"]["over"] is True
        with pytest.raises(ConnectionClosed):
            hear(socket, "nothing")
        assert socket.close_code == 4401


def test_preflight_asks_every_model_and_records_nothing(presenter: Presenter) -> None:
    session = presenter.send("sim/sim-n5-r0", "sim/sim-e401-n5-r0")
    presenter.post(f"{session}present/check/")
    page = presenter.wait_for_text(f"{session}present/", "would fail", "answered in")
    assert "1 model would fail" in page
    assert presenter.http.get(session).text.count("<run-lane") == 2


def _other_model(session: str, model: str) -> str:
    """A newer run in the lane, that failed: the next live answer asks its model."""
    return (
        "from playground.runs.models import Run;"
        f"run = Run.objects.get(turn__session='{session.strip('/')[9:]}');"
        f"run.pk = None; run.id = __import__('uuid_utils').compat.uuid7(); run.model_id = '{model}'; run.text = '';"
        "run.status = 'failed'; run.last_seq = -1; run.save(force_insert=True)"
    )
