"""Sessions that were exported, here or elsewhere, brought into a workspace: from a document, or from a zip of them."""

import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Any, Final

from django.utils.translation import gettext as _

from playground.accounts.models import User
from playground.errors import InvalidField
from playground.recording.session_file import NotASessionFile, RecordedSession, load
from playground.runs.models import Session
from playground.runs.parameters import clean_parameters
from playground.runs.transfer import import_session
from playground.workspaces.audit import record
from playground.workspaces.models import Workspace

ORIGIN: Final = "import"
MAX_BYTES: Final = 50_000_000  # of a file, and of each document in a zip
MOST: Final = 1_000
_MAX_UNPACKED: Final = 500_000_000
_UNREADABLE: Final = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError)


class CannotImport(ValueError):
    """Its text is for a person: which file is wrong, and what about it."""


def import_file(file: IO[Any], name: str, workspace: Workspace, owner: User) -> list[Session]:
    """Save all that a file holds, as private sessions of `owner`, or nothing of it. In the order of the file.

    A zip is read twice, so that no more than one session is in memory, and each is saved in a transaction of its own:
    one for all would keep running answers from being saved.

    Raises:
        CannotImport
    """
    count = sum(1 for _session in _sessions(file, name))
    if not count:
        raise CannotImport(_("The zip holds no exported session: none of its files ends with “.json”."))
    # The last is saved first: a list shows what is newest on top.
    imported = [
        import_session(session, workspace, owner, origin=ORIGIN) for session in _sessions(file, name, is_reversed=True)
    ]
    imported.reverse()
    _tell(workspace, owner, imported)
    return imported


def _tell(workspace: Workspace, owner: User, imported: list[Session]) -> None:
    if len(imported) == 1:
        record(workspace, owner, "session.import", imported[0], subject_id=imported[0].pk)
    else:
        record(workspace, owner, "session.import", sessions=len(imported))


def _sessions(file: IO[Any], name: str, *, is_reversed: bool = False) -> Iterator[RecordedSession]:
    file.seek(0)
    if not zipfile.is_zipfile(file):
        file.seek(0)
        yield _checked(name, file.read(MAX_BYTES + 1))
        return
    try:
        with zipfile.ZipFile(file) as archive:
            members = _members(archive)
            for member in reversed(members) if is_reversed else members:
                with archive.open(member) as content:
                    yield _checked(member.filename, content.read(MAX_BYTES + 1))
    except _UNREADABLE as error:
        raise CannotImport(_("The zip cannot be read: it is damaged, or has a password.")) from error


def _members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The documents; what a system adds to a zip of its own is left out."""
    members = [
        member
        for member in archive.infolist()
        if member.filename.lower().endswith(".json") and not member.filename.startswith("__MACOSX/")
    ]
    if len(members) > MOST:
        message = _("The zip holds %(count)d files; at most %(most)d can be imported at once.")
        raise CannotImport(message % {"count": len(members), "most": MOST})
    if sum(member.file_size for member in members) > _MAX_UNPACKED:
        raise CannotImport(_("The zip holds more than 500 MB. Split it, and import the parts."))
    return members


def _checked(name: str, raw: bytes) -> RecordedSession:
    where = name[-100:]
    if len(raw) > MAX_BYTES:
        raise CannotImport(_("“%(file)s” has more than 50 MB.") % {"file": where})
    try:
        session = load(raw)
        for turn in session.turns:
            clean_parameters(turn.parameters)
    except (NotASessionFile, InvalidField) as error:
        message = _("“%(file)s” cannot be imported. %(why)s")
        raise CannotImport(message % {"file": where, "why": error}) from error
    return session
