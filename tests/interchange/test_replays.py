"""What came back from a file is served again as the original would have been."""

from playground.interchange.formats import WRITERS, read
from playground.mock.answer import Recording, answer
from playground.mock.dialects import asked_at
from playground.mock.options import AS_RECORDED, MockOptions
from playground.mock.schedule import Step, schedule
from playground.mock.tape import Attempt, exact
from playground.recording.session_file import RecordedRun
from tests.interchange.recordings import nested, samples


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


def test_what_is_told_in_the_words_of_openai_is_the_same_wherever_the_recording_is() -> None:
    """An agent's run has no bytes: all of it is told so."""
    (back,) = read(WRITERS["stream"].write(nested())).session.turns[0].runs
    asked = asked_at("/v1/chat/completions", {"stream": True})
    told = []
    for name, run in (("one", nested().run), ("other", back)):
        assert run.started_at is not None
        recording = Recording(name, run.model, run.events, run.reads, int(run.started_at.timestamp()))
        told.append(list(answer(recording, asked, AS_RECORDED).steps))
    assert told[0] == told[1]
