import pytest

from playground.recording.status import FINAL, MOVES, IllegalMove, RunStatus, check_move


def test_every_status_has_its_moves() -> None:
    assert set(MOVES) == set(RunStatus)
    assert set(RunStatus) - FINAL == {RunStatus.QUEUED, RunStatus.STREAMING}


@pytest.mark.parametrize("old", sorted(FINAL))
@pytest.mark.parametrize("new", list(RunStatus))
def test_what_is_final_stays(old: RunStatus, new: RunStatus) -> None:
    with pytest.raises(IllegalMove, match=f"{old} cannot become {new}"):
        check_move(old, new)


def test_a_run_streams_before_it_completes() -> None:
    check_move(RunStatus.QUEUED, RunStatus.STREAMING)
    check_move(RunStatus.STREAMING, RunStatus.COMPLETED)
    with pytest.raises(IllegalMove):
        check_move(RunStatus.QUEUED, RunStatus.COMPLETED)
