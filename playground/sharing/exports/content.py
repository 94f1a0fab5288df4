"""What an export holds of a session: as somebody without an account would see it."""

from collections.abc import Sequence
from dataclasses import dataclass

from playground.recording.session_file import RecordedRun, RecordedSession, RecordedTurn, dump
from playground.runs.models import Run, Session
from playground.sharing.contents import Contents
from playground.sharing.page import SharedSession, shared_session
from playground.sharing.public import Redactions, public_log, redactions_of


@dataclass(frozen=True, slots=True)
class Exported:
    """`runs` are the rows of `shown`'s lanes, whose recordings are still to be stripped."""

    session: Session
    contents: Contents
    shown: SharedSession
    redactions: Redactions


def file_name(title: str) -> str:
    """Without its ending; safe in a header and on every file system."""
    words = "".join(char if char.isalnum() else "-" for char in title[:60])
    return "-".join(filter(None, words.split("-"))) or "session"


def exported(session: Session, contents: Contents) -> Exported:
    shown = shared_session(session, contents)
    return Exported(session, contents, shown, redactions_of(turn.turn.pk for turn in shown.turns))


def session_file(found: Exported) -> bytes:
    """As `recording.session_file` has it, with the newest run of each lane; it can be imported again."""
    turns = [
        RecordedTurn(
            turn.turn.prompt,
            turn.turn.system,
            turn.turn.parameters,
            [_recorded(run, found) for run in turn.lanes if run.is_final],
        )
        for turn in found.shown.turns
    ]
    return dump(RecordedSession(found.shown.title, turns))


def markdown(found: Exported) -> str:
    """Prompts and answers as text, a heading for each."""
    parts = [f"# {found.shown.title}"]
    for turn in found.shown.turns:
        parts += [f"## {turn.number}", *_system(turn.turn.system), _quoted(turn.turn.prompt)]
        for run in turn.lanes:
            parts += [f"### {run.model_id}", run.text or "–"]
    return "\n\n".join(parts) + "\n"


def _recorded(run: Run, found: Exported) -> RecordedRun:
    return RecordedRun(run.lane, run.model_id, [], public_log(run, found.contents, found.redactions).events)


def _system(system: str) -> Sequence[str]:
    return [f"*{line}*" for line in [" ".join(system.split())] if line]


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())
