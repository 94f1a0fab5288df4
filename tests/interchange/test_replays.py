"""What came back from a file is served again as the original would have been."""

from playground.interchange.formats import WRITERS, read
from playground.mock.options import MockOptions
from playground.mock.schedule import Step, schedule
from playground.mock.tape import Attempt, exact
from playground.recording.session_file import RecordedRun
from tests.interchange.recordings import samples


def served(run: RecordedRun) -> list[Step]:
    body = exact(Attempt(run.events, run.reads))
    assert body is not None
    return list(schedule(body, MockOptions()).steps)


def test_a_recording_that_went_out_and_came_in_is_served_byte_for_byte_at_the_same_times() -> None:
    for found in samples():
        for name in ("stream", "json"):
            (run,) = read(WRITERS[name].write(found)).session.turns[0].runs
            assert served(run) == served(found.run)


def test_raw_bytes_that_came_in_are_served_as_they_were() -> None:
    for found in samples():
        (run,) = read(WRITERS["raw"].write(found)).session.turns[0].runs
        sent = [b"".join(part for _due, part in served(one) if isinstance(part, bytes)) for one in (run, found.run)]
        assert sent[0] == sent[1]
