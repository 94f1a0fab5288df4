"""One judge of the database, whoever finds something out."""

import asyncio
import logging
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace

import pytest
from django.db import OperationalError, connection

from playground.runs import database_watch
from playground.runs.database_watch import DatabaseWatch, Source, ask
from playground.runs.health import Health, Trouble

GONE = OperationalError("the server closed the connection\n  HINT: look at its log")


def full() -> OperationalError:
    error, cause = OperationalError("database or disk is full"), sqlite3.OperationalError()
    cause.sqlite_errorcode = sqlite3.SQLITE_FULL
    error.__cause__ = cause
    return error


def troubles(health: Health) -> set[str]:
    return {problem["code"] for problem in health.problems}


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  (what is waited for has no event)
            await asyncio.sleep(0.01)


@pytest.fixture
def health() -> Health:
    return Health()


@pytest.fixture
def watch(health: Health) -> DatabaseWatch:
    return DatabaseWatch(health)


@pytest.fixture
async def running(watch: DatabaseWatch, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DatabaseWatch]:
    monkeypatch.setattr(database_watch, "EVERY_S", 0.05)
    monkeypatch.setattr(database_watch, "SILENT_S", 0.2)
    task = asyncio.create_task(watch.run())
    yield watch
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_full_disk_stays_one_whatever_fails_meanwhile(watch: DatabaseWatch, health: Health) -> None:
    watch.refused(Source.WRITER, GONE)
    assert troubles(health) == {"database"}
    watch.refused(Source.WRITER, full())
    for _ in range(2):
        watch.silent(Source.WRITER, 5)
        watch.refused(Source.WRITER, GONE)
        watch.silent(Source.QUESTION, 5)
        assert troubles(health) == {"disk"}
    watch.took(Source.QUESTION)
    assert troubles(health) == {"disk"}
    watch.took(Source.WRITER)
    assert troubles(health) == set()


async def test_what_was_stored_takes_back_what_a_question_found(watch: DatabaseWatch, health: Health) -> None:
    watch.silent(Source.QUESTION, 4)
    assert health.has(Trouble.DATABASE)
    watch.took(Source.WRITER)
    assert watch.is_well
    assert not health.refusal


async def test_an_outage_is_logged_once_and_in_a_line(watch: DatabaseWatch, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            watch.refused(Source.WRITER, GONE)
            watch.refused(Source.QUESTION, GONE)
        watch.took(Source.WRITER)
        watch.took(Source.QUESTION)
    began, over = caplog.messages
    assert began.endswith("trying again: the server closed the connection")
    assert over == "The database takes what is recorded again."


async def test_a_process_without_a_run_notices_an_outage_and_its_end(
    running: DatabaseWatch, health: Health, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_away = True

    def answer() -> None:
        if is_away:
            raise GONE

    monkeypatch.setattr(database_watch, "ask", answer)
    await until(lambda: health.has(Trouble.DATABASE))
    is_away = False
    await until(lambda: running.is_well)
    assert not health.problems


async def test_a_database_that_says_nothing_is_away(
    running: DatabaseWatch, health: Health, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs = threading.Event()
    monkeypatch.setattr(database_watch, "ask", hangs.wait)
    await until(lambda: health.has(Trouble.DATABASE))
    hangs.set()
    await until(lambda: running.is_well)


@pytest.mark.django_db(transaction=True)
def test_a_database_that_takes_writes_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    ask()
    if connection.vendor == "sqlite":
        monkeypatch.setattr(database_watch.os, "statvfs", lambda _: SimpleNamespace(f_bavail=1, f_frsize=4096))
        ask()
