"""Recordings of any format that is known, made here or elsewhere, brought into a workspace: from a file, or a zip."""

import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import IO, Any, Final

from django.utils.translation import gettext as _

from playground.accounts.models import User
from playground.errors import InvalidField
from playground.interchange.drafts import Imported
from playground.interchange.errors import UnknownContent
from playground.interchange.formats import AUTO, read
from playground.recording.session_file import NotASessionFile
from playground.runs.models import Session
from playground.runs.transfer import import_session, parameters_of
from playground.workspaces.audit import record
from playground.workspaces.models import Workspace

ORIGIN: Final = "import"
MAX_BYTES: Final = 50_000_000  # of a file, and of each document in a zip
MOST: Final = 1_000
_ENDINGS: Final = (".json", ".jsonl", ".ndjson", ".sse")  # of what is read from a zip
_MAX_UNPACKED: Final = 500_000_000
_UNREADABLE: Final = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError)


class CannotImport(ValueError):
    """Its text is for a person: which file is wrong, and what about it.

    `is_unknown`: it cannot be told what the file is, or in which dialect; who sent it can choose.
    """

    def __init__(self, message: str, *, is_unknown: bool = False) -> None:
        super().__init__(message)
        self.is_unknown = is_unknown


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the sender says that a file is; AUTO and "" to have it told from the content."""

    format_name: str = AUTO
    dialect: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """A session that was imported, with the format it came in and, of a dump, the dialect."""

    session: Session
    format_name: str
    dialect: str


def import_file(file: IO[Any], name: str, workspace: Workspace, owner: User, wanted: Wanted = Wanted()) -> list[Kept]:
    """Save all that a file holds, as private sessions of `owner`, or nothing of it. In the order of the file.

    A zip is read twice, so that no more than one session is in memory, and each is saved in a transaction of its own:
    one for all would keep running answers from being saved.

    Raises:
        CannotImport
    """
    count = sum(1 for _found in _contents(file, name, wanted))
    if not count:
        endings = ", ".join(f"“{ending}”" for ending in _ENDINGS)
        raise CannotImport(
            _("The zip holds no recording: none of its files ends with %(endings)s.") % {"endings": endings}
        )
    # The last is saved first: a list shows what is newest on top.
    kept = [
        Kept(import_session(found.session, workspace, owner, origin=ORIGIN), found.format, found.dialect)
        for found in _contents(file, name, wanted, is_reversed=True)
    ]
    kept.reverse()
    _tell(workspace, owner, [one.session for one in kept])
    return kept


def _tell(workspace: Workspace, owner: User, imported: list[Session]) -> None:
    if len(imported) == 1:
        record(workspace, owner, "session.import", imported[0], subject_id=imported[0].pk)
    else:
        record(workspace, owner, "session.import", sessions=len(imported))


def _contents(file: IO[Any], name: str, wanted: Wanted, *, is_reversed: bool = False) -> Iterator[Imported]:
    file.seek(0)
    if not zipfile.is_zipfile(file):
        file.seek(0)
        yield _checked(name, file.read(MAX_BYTES + 1), wanted)
        return
    try:
        with zipfile.ZipFile(file) as archive:
            members = _members(archive)
            for member in reversed(members) if is_reversed else members:
                with archive.open(member) as content:
                    yield _checked(member.filename, content.read(MAX_BYTES + 1), wanted)
    except _UNREADABLE as error:
        raise CannotImport(_("The zip cannot be read: it is damaged, or has a password.")) from error


def _members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The recordings; what a system adds to a zip of its own is left out."""
    members = [
        member
        for member in archive.infolist()
        if member.filename.lower().endswith(_ENDINGS) and not member.filename.startswith("__MACOSX/")
    ]
    if len(members) > MOST:
        message = _("The zip holds %(count)d files; at most %(most)d can be imported at once.")
        raise CannotImport(message % {"count": len(members), "most": MOST})
    if sum(member.file_size for member in members) > _MAX_UNPACKED:
        raise CannotImport(_("The zip holds more than 500 MB. Split it, and import the parts."))
    return members


def _checked(name: str, raw: bytes, wanted: Wanted) -> Imported:
    where = name[-100:]
    if len(raw) > MAX_BYTES:
        raise CannotImport(_("“%(file)s” has more than 50 MB.") % {"file": where})
    try:
        found = read(raw, format_name=wanted.format_name, dialect=wanted.dialect, title=PurePath(where).stem)
        for turn in found.session.turns:
            parameters_of(turn)
    except (NotASessionFile, InvalidField) as error:
        message = _("“%(file)s” cannot be imported. %(why)s")
        unknown = isinstance(error, UnknownContent)
        raise CannotImport(message % {"file": where, "why": error}, is_unknown=unknown) from error
    return found
