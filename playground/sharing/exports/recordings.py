"""The recording of a run as a file of any format; what is redacted of its session is not in it.

Where nothing is redacted, the file is exact. Else its texts and events are masked, and what was read is left out: the
hidden text is in its bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from django.http import HttpResponse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.http import content_disposition_header
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from playground.accounts.models import User
from playground.errors import Conflict, InvalidField
from playground.interchange.formats import WRITERS, Recording
from playground.recording.events import CHUNK, Event
from playground.recording.redaction import redact_events, redact_text
from playground.recording.session_file import RecordedRun, RecordedTurn
from playground.review.models import Redaction
from playground.runs.models import Run
from playground.runs.transfer import recorded_run
from playground.sharing.exports.content import file_name
from playground.sharing.public import Redactions, hidden_texts, hide_quotes, public_title, redactions_of
from playground.workspaces import audit

RAW: Final = "raw"


@dataclass(frozen=True, slots=True)
class Choice:
    """A format as the page offers it."""

    name: str
    label: str | Promise
    explanation: str | Promise


CHOICES: Final[Sequence[Choice]] = (
    Choice(
        "stream",
        _("Recording (.stream.jsonl)"),
        _("Every read and every event with its time, exactly. It can be imported again and served as a mock."),
    ),
    Choice(
        "json",
        _("Session (JSON)"),
        _("The same in one document, without the moments when it began and ended."),
    ),
    Choice("markdown", _("Markdown"), _("The prompt, the answer and its numbers, to read.")),
    Choice(
        "csv",
        _("Table of chunks (CSV)"),
        _("A row a chunk, with its time and the gap before it."),
    ),
    Choice(
        "langchain-v2",
        _("LangChain events v2"),
        _("As astream_events gives them, one JSON a line; steps nest."),
    ),
    Choice(
        "langchain-v1",
        _("LangChain events v1"),
        _("The same in the older version of the events."),
    ),
    Choice(
        "otlp",
        _("OpenTelemetry spans (OTLP JSON)"),
        _("A span for the run, each attempt and each step, by the conventions for generative AI."),
    ),
    Choice(RAW, _("Raw bytes"), _("The body of the answer, as it was read from the network.")),
)


def why_not(run: Run) -> str:
    """Why there is no recording of a run to export; "" if there is."""
    if not run.turn.is_recorded:
        return gettext("This answer was streamed without being recorded: there is nothing of it to export.")
    if not run.is_final:
        return gettext("This answer is still streaming. Export it once it has ended.")
    return ""


def export_run(run: Run, actor: User, name: str) -> HttpResponse:
    """The file in the format `name`, as a download; the audit log tells of it. `run` comes with its workspace.

    Raises:
        InvalidField: there is no such format.
        Conflict: the run is not recorded, not over, or its raw bytes would show what is redacted.
    """
    if name not in WRITERS:
        message = gettext("There is no format “%(name)s”; there are %(names)s.")
        raise InvalidField("format", message % {"name": name, "names": ", ".join(WRITERS)})
    writer = WRITERS[name]
    content = writer.write(recording_of(run, name))
    session = run.turn.session
    subject = run.model_id if session.audit_name else ""
    audit.record(session.workspace, actor, "export.recording", subject, subject_id=run.pk, format=name)
    return download(content, f"{file_name(run.model_id)}-{run.pk.hex[-8:]}.{writer.ending}", writer.media_type)


def download(content: str | bytes, name: str, media_type: str) -> HttpResponse:
    """Never shown in our own origin: what a model wrote is in it."""
    response = HttpResponse(content, content_type=media_type)
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response


def recording_of(run: Run, name: str = "") -> Recording:
    """Raises Conflict, as `export_run`."""
    if reason := why_not(run):
        raise Conflict(reason)
    turn = run.turn
    found = RecordedTurn(turn.prompt, turn.system, turn.parameters)
    recorded = recorded_run(run)
    if name == RAW and run.raw_pruned_at is not None:
        day = date_format(localtime(run.raw_pruned_at), "DATE_FORMAT")
        raise Conflict(gettext("The raw bytes were pruned on %(day)s: choose another format.") % {"day": day})
    if not recorded.events or (name == RAW and not recorded.reads):
        raise Conflict(gettext("What was read of this answer is not kept: there is nothing to put into this file."))
    exact = Recording(turn.session.title, found, recorded, str(run.pk))
    if not Redaction.objects.filter(turn__session_id=turn.session_id).exists():
        return exact
    if name == RAW:
        raise Conflict(gettext("Text of this session is redacted, and raw bytes would show it: choose another format."))
    return _masked(exact, run)


def _masked(exact: Recording, run: Run) -> Recording:
    """A later prompt may quote what is hidden of an earlier answer: what is hidden anywhere is hidden everywhere."""
    turns = list(run.turn.session.turns.prefetch_related("runs").order_by("position"))
    redactions = redactions_of(turn.pk for turn in turns)
    hidden = hidden_texts(turns, (one for turn in turns for one in turn.runs.all()), redactions)
    events = [_masked_event(event, hidden) for event in _redacted(exact.run, run, redactions)]
    messages = [_hide(dict(message), hidden) for message in exact.run.messages]
    prompt = redact_text(run.turn.prompt, redactions.of_turn(run.turn, Redaction.Part.PROMPT))
    system = redact_text(run.turn.system, redactions.of_turn(run.turn, Redaction.Part.SYSTEM))
    turn = RecordedTurn(hide_quotes(prompt, hidden), hide_quotes(system, hidden), _hide(exact.turn.parameters, hidden))
    title = public_title(exact.title, turns[0], redactions, hidden)
    return Recording(title, turn, replace(exact.run, events=events, messages=messages, reads=()), exact.run_id)


def _redacted(recorded: RecordedRun, run: Run, redactions: Redactions) -> list[Event]:
    redact = redact_events(recorded.events, redactions.of_run(run.pk))
    return [redact(event) for event in recorded.events]


def _masked_event(event: Event, hidden: Sequence[str]) -> Event:
    """Chunks are masked by their spans; tool calls, steps and errors may quote what is hidden."""
    if event.kind == CHUNK and isinstance(event.data, str):
        return event
    return event._replace(data=_hide(event.data, hidden))


def _hide(value: Any, hidden: Sequence[str]) -> Any:
    if isinstance(value, str):
        return hide_quotes(value, hidden)
    if isinstance(value, Mapping):
        return {name: _hide(part, hidden) for name, part in value.items()}
    return [_hide(part, hidden) for part in value] if isinstance(value, list) else value
