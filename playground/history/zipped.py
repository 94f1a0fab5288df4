"""Exported sessions as a zip that is made while it is sent: no more of it than one session is in memory."""

import io
import re
import zipfile
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import Final
from uuid import UUID

from asgiref.sync import sync_to_async

from playground.recording.session_file import dump
from playground.runs.models import Session
from playground.runs.transfer import recorded_session

_NAME: Final = 60  # characters of a title in a file's name


class _Outbox(io.RawIOBase):
    """Where the zip is written to: it cannot go back, and gives away what it has."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # any buffer; zipfile gives bytes
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken


def zipped(files: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """The bytes of a zip of (name, content), a file at a time."""
    outbox = _Outbox()
    with zipfile.ZipFile(outbox, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
            yield outbox.take()
    yield outbox.take()


def session_files(ids: Sequence[UUID]) -> Iterator[tuple[str, bytes]]:
    """Each session as a document, in order; one that is gone by then is left out. See docs/recording-format.md."""
    for number, key in enumerate(ids, 1):
        session = Session.objects.filter(pk=key).first()
        if session is not None:
            yield f"{number:04}-{file_name(session)}.json", dump(recorded_session(session))


def file_name(session: Session) -> str:
    """Of the title, what every system takes in a name; then enough of the id to tell it from another."""
    title = re.sub(r"[^\w]+", "-", session.title).strip("-_")[:_NAME]
    return f"{title or 'session'}-{session.pk.hex[-8:]}"


async def on_threads(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    """What an iterator that reads the database yields, without holding up the event loop."""

    def take() -> bytes | None:
        return next(parts, None)

    while (part := await sync_to_async(take)()) is not None:
        yield part
