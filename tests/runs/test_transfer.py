"""Sessions out of the database and into it."""

import pytest

from playground.recording.session_file import dump, load
from playground.runs.models import Session
from playground.runs.store import load_events, load_reads
from playground.runs.transfer import import_session, recorded_session
from playground.workspaces.models import Workspace
from tests.factories import make_member
from tests.history.factories import make_run, make_session, make_turn

pytestmark = pytest.mark.django_db


def test_an_imported_session_is_the_exported_one_with_new_ids() -> None:
    owner = make_member()
    turn = make_turn(
        make_session(owner, title="气泡水"), "写一首诗", system="Be brief.", parameters={"temperature": 0.5}
    )
    first = make_run(turn, text="One two.", raw=b"data: one")
    again = make_run(turn, text="气泡水，气泡水", retries=first)
    other = make_run(turn, lane=1, model_id="sim/other")

    written = dump(recorded_session(turn.session))
    copy = import_session(load(written), Workspace.objects.default(), owner, origin="import")

    (copied,) = copy.turns.all()
    runs = list(copied.runs.order_by("lane", "created_at"))
    assert (copy.title, copy.origin) == ("气泡水", "import")
    assert (copied.prompt, copied.system, copied.parameters) == ("写一首诗", "Be brief.", {"temperature": 0.5})
    assert runs[1].retries == runs[0]
    for run, original in zip(runs, (first, again, other), strict=True):
        original.refresh_from_db()
        assert run.pk != original.pk
        for field in ("lane", "model_id", "messages", "status", "text", "metrics", "ttft_ms", "finish_reason"):
            assert getattr(run, field) == getattr(original, field), field
        assert load_events(run.pk) == load_events(original.pk)
        assert load_reads(run.pk) == load_reads(original.pk)
    assert dump(recorded_session(copy)) == written
    assert Session.objects.count() == 2
