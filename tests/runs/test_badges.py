"""What stands out in a run, in words."""

from playground.recording.findings import Finding
from playground.runs.badges import badge


def test_a_notice_of_ours_has_words_and_a_cause() -> None:
    found = badge(Finding("notice", 1, 0, times=1, causes=("no_times",)))
    assert found.words == "no times"
    assert "everything is at 0" in found.cause
    assert found.place == "view=events&seq=1"


def test_one_that_we_do_not_know_is_shown_as_it_is() -> None:
    found = badge(Finding("notice", 1, 0, times=1, causes=("strange",)))
    assert (found.words, found.cause) == ("strange", "The recording has a notice here.")
