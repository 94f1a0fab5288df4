import pytest

from playground.errors import Busy
from playground.runs.admission import Admission


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
