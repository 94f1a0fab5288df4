"""What a line of the log does not hold: the values that the database was given."""

import logging

import orjson
import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError

from playground.logs import JsonLines, PlainLines
from tests import services

PROMPT = "Say\nTraceback (most recent call last):\nDETAIL: something"
NO_JSON = '{"prompt": Say something'
SAID = f"new row violates a check\nDETAIL:  Failing row contains (1, {PROMPT}).\nCONTEXT:  JSON data, line 1: {PROMPT}"


def refused() -> None:
    cause = type("IntegrityError", (Exception,), {"__module__": "psycopg.errors"})(SAID)
    raise DatabaseError(*cause.args) from cause


def record_of(error: BaseException) -> logging.LogRecord:
    return logging.makeLogRecord(
        {"msg": "It failed.", "levelno": 40, "about_run": "", "exc_info": (type(error), error, error.__traceback__)}
    )


@pytest.mark.parametrize("formatter", [PlainLines(), JsonLines()], ids=["line", "json"])
def test_an_error_of_the_database_is_told_without_the_values(formatter: logging.Formatter) -> None:
    with pytest.raises(DatabaseError) as caught:
        refused()
    line = formatter.format(record_of(caught.value))
    told = orjson.loads(line)["exc_info"] if line.startswith("{") else line
    for part in ("psycopg.errors.IntegrityError: new row violates a check", "was the direct cause", "in refused",
                 "django.db.utils.DatabaseError: new row violates a check"):  # fmt: skip
        assert part in told
    for part in ("DETAIL", "CONTEXT", "Say", "Failing row"):
        assert part not in told


def test_any_other_error_is_told_as_it_is() -> None:
    def fail() -> None:
        raise TypeError("third") from ValueError("first\nsecond")

    with pytest.raises(TypeError) as caught:
        fail()
    whole = logging.Formatter().formatException((TypeError, caught.value, caught.value.__traceback__))
    assert PlainLines().format(record_of(caught.value)).endswith(whole)


@pytest.mark.postgresql
def test_what_postgresql_says_of_a_value_is_left_out() -> None:
    with psycopg.connect(services.database_url()) as database, pytest.raises(psycopg.DataError) as caught:
        database.execute("SELECT %s::json", [NO_JSON])
    assert "Say" in str(caught.value)
    line = PlainLines().format(record_of(caught.value))
    assert "invalid input syntax for type json" in line
    assert "Say" not in line


def test_the_server_writes_such_lines() -> None:
    formatters = settings.LOGGING["formatters"]
    assert {name: formatter["()"] for name, formatter in formatters.items()} == {
        "line": "playground.logs.PlainLines",
        "json": "playground.logs.JsonLines",
    }
