import pytest

from playground.errors import Busy
from playground.runs.admission import OVERLOADED_FROM, OVERLOADED_LAG_S, OVERLOADED_RETRY_S, Admission


def test_places_are_held_by_runs_that_were_created_and_given_back_by_those_that_were_not() -> None:
    admission = Admission(2)
    with admission.held(1):
        pass
    assert admission.count == 1
    with pytest.raises(KeyError), admission.held(1):
        raise KeyError
    assert admission.count == 1
    with pytest.raises(Busy), admission.held(2):
        pytest.fail("there is one place only")
    assert admission.count == 1


def test_while_the_loop_cannot_keep_up_with_many_runs_no_more_begin() -> None:
    lag = 0.0
    admission = Admission(1000, lag=lambda: lag)
    admission.take(OVERLOADED_FROM - 1)
    lag = 2 * OVERLOADED_LAG_S
    admission.take(1)  # so few are not what it is busy with
    with pytest.raises(Busy) as refused:
        admission.take(1)
    assert refused.value.retry_after == OVERLOADED_RETRY_S
    assert admission.count == OVERLOADED_FROM
    lag = 0.0
    admission.take(1)
