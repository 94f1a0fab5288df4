"""What a line of the log holds. A line about a run names the run; none holds a key, a prompt or an answer."""

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.orjson import OrjsonFormatter

_run: ContextVar[str] = ContextVar("run", default="")

_DURING: Final = "was being handled when the following one occurred"

LINE: Final = "{asctime} {levelname} {name} {message}{about_run}"


@contextmanager
def about_run(run_id: UUID) -> Iterator[None]:
    """Lines that are logged within, by this task or this thread, are about a run."""
    token = _run.set(str(run_id))
    try:
        yield
    finally:
        _run.reset(token)


class NameTheRun(logging.Filter):
    """For a log handler: gives a record its `run`, unless `extra={"run": …}` has, and `about_run` for a plain line."""

    def filter(self, record: logging.LogRecord) -> bool:
        run = str(getattr(record, "run", "")) or _run.get()
        if run:
            record.run = run
        record.about_run = f" run={run}" if run else ""
        return True


class NoRefusals(logging.Filter):
    """For Django's log of requests: a 503 is what somebody was told who was refused, and no fault of the server's."""

    def filter(self, record: logging.LogRecord) -> bool:
        return getattr(record, "status_code", None) != HTTPStatus.SERVICE_UNAVAILABLE


class NoValues(logging.Formatter):
    """Of an error of the database only its first line is told: those that follow quote the values that it was given."""

    def formatException(self, ei: Any) -> str:  # noqa: N802  (logging's name)
        errors = list(_chain(ei[1]))
        if not any(_quotes(error) for error, _ in errors):
            return super().formatException(ei)
        told = [f"{joint}{_head(error)}{_said(error)}" for error, joint in reversed(errors)]
        return "".join(told).rstrip("\n")


def _chain(error: BaseException | None) -> Iterator[tuple[BaseException, str]]:
    """The error, what caused it, and so on; each with what is to be written before it."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        how = "was the direct cause of the following exception" if error.__cause__ else _DURING
        yield error, f"\nThe above exception {how}:\n\n" if before is not None else ""
        error = before


def _quotes(error: BaseException) -> bool:
    """Whether its text may hold values: by its module, for drivers and Django are not imported for this."""
    return type(error).__module__.startswith(("psycopg", "django.db", "sqlite3")) and "\n" in str(error).strip()


def _head(error: BaseException) -> str:
    trace = traceback.format_tb(error.__traceback__)
    return "".join(["Traceback (most recent call last):\n", *trace]) if trace else ""


def _said(error: BaseException) -> str:
    if not _quotes(error):
        return "".join(traceback.format_exception_only(error))
    kind = type(error)
    return f"{kind.__module__}.{kind.__qualname__}: {str(error).strip().splitlines()[0]}\n"


class PlainLines(NoValues):
    def __init__(self) -> None:
        super().__init__(LINE, style="{")


class JsonLines(NoValues, OrjsonFormatter):
    """A line is a JSON object: time (UTC), level, logger, message, `run` where it is about one, what else was given."""

    def __init__(self) -> None:
        OrjsonFormatter.__init__(
            self,
            "{levelname}{name}{message}",
            style="{",
            rename_fields={"levelname": "level", "name": "logger"},
            timestamp="time",
            reserved_attrs=[*RESERVED_ATTRS, "about_run"],
        )
