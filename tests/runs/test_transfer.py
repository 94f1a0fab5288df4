"""Sessions out of the database and into it."""

import pytest

from playground.interchange import stream_jsonl
from playground.recording.session_file import dump, load
from playground.runs.models import Run, Session
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
    on = make_run(turn, lane=1, text="and on", continues=other)

    written = dump(recorded_session(turn.session))
    copy = import_session(load(written), Workspace.objects.default(), owner, origin="import")

    (copied,) = copy.turns.all()
    runs = list(copied.runs.order_by("lane", "created_at"))
    assert (copy.title, copy.origin) == ("气泡水", "import")
    assert (copied.prompt, copied.system, copied.parameters) == ("写一首诗", "Be brief.", {"temperature": 0.5})
    assert runs[1].retries == runs[0]
    assert runs[3].continues == runs[2]
    for run, original in zip(runs, (first, again, other, on), strict=True):
        original.refresh_from_db()
        assert run.pk != original.pk
        for field in ("lane", "model_id", "messages", "status", "text", "metrics", "ttft_ms", "finish_reason"):
            assert getattr(run, field) == getattr(original, field), field
        assert load_events(run.pk) == load_events(original.pk)
        assert load_reads(run.pk) == load_reads(original.pk)
    assert dump(recorded_session(copy)) == written
    assert Session.objects.count() == 2


def test_what_a_message_says_beside_its_text_and_when_a_run_began_come_along() -> None:
    owner = make_member()
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": '{"a": "NUL \\u0000"}'}}
    messages = [
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": "5", "tool_call_id": "1"},
    ]
    parameters = {"tools": [{"type": "function", "function": {"name": "f", "description": "NUL"}}]}
    run = make_run(make_turn(make_session(owner), parameters=parameters), messages=messages)
    written = stream_jsonl.dump(recorded_session(run.turn.session)).replace(b"NUL", b"\\u0000")
    recorded = stream_jsonl.load(written)

    copy = import_session(recorded, Workspace.objects.default(), owner)

    again = Run.objects.get(turn__session=copy)
    (assistant, tool) = again.messages
    assert tool == messages[1]
    assert "\0" in recorded.turns[0].parameters["tools"][0]["function"]["description"]
    assert assistant["tool_calls"][0]["function"]["arguments"] == '{"a": "␀ \\u0000"}'  # no database text has a NUL
    assert again.turn.parameters["tools"][0]["function"]["description"] == "␀"
    assert (again.started_at, again.ended_at) == (run.started_at, run.ended_at)


def test_a_session_as_lines_comes_back_to_the_same_bytes() -> None:
    owner = make_member()
    turn = make_turn(make_session(owner, title="气泡水"), "写一首诗", parameters={"top_p": 1.0, "temperature": 0.5})
    make_run(turn, raw=b"data: \xe6\xb0")
    make_run(turn, text="Again.", retries=turn.runs.get())
    written = stream_jsonl.dump(recorded_session(turn.session))
    copy = import_session(stream_jsonl.load(written), Workspace.objects.default(), owner)
    assert stream_jsonl.dump(recorded_session(copy)) == written


def test_an_export_leaves_out_the_turns_that_are_not_recorded() -> None:
    session = make_session(make_member())
    make_run(make_turn(session, "", is_recorded=False), [], text="")
    kept = make_turn(session, "Kept")
    make_run(kept, [], text="").segments.all().delete()
    make_run(kept)
    assert len(recorded_session(session).turns[0].runs) == 1
    assert [turn.prompt for turn in load(dump(recorded_session(session))).turns] == ["Kept"]
