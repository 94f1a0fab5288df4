# ruff: noqa: S608  (all names in the SQL are constants of this module)
"""The search index of prompts, answers and titles, made by SQL of each database. Safe to run again at any time.

SQLite: an FTS5 table of trigrams, kept by triggers. `history_document` gives each indexed row (a session, a turn or a
run, named by its id) the integer that FTS5 needs: the implicit rowid of a table changes when SQLite vacuums it. A
migration that rebuilds an indexed table drops the triggers on it; `install` runs after each `migrate`, to restore
them.

PostgreSQL: trigram GIN indexes on the expressions that Django's `icontains` compares.
"""

import logging
import sqlite3
from collections.abc import Iterator
from functools import cache
from typing import Any, Final, NamedTuple

from django.db import ProgrammingError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder
from django.db.utils import NotSupportedError, OperationalError

MIGRATION: Final = ("history", "0001_search")

# What is not in its place in an index yet: each search reads it through, and who fills it up puts it away. PostgreSQL's
# own limit of 4 MB made a search up to 15 ms slower.
PENDING_KB: Final = 256

log = logging.getLogger(__name__)


class Indexed(NamedTuple):
    """A table, and its columns that are searched."""

    table: str
    columns: tuple[str, ...]


INDEXED: Final = (
    Indexed("runs_session", ("title",)),
    Indexed("runs_turn", ("prompt", "system")),
    Indexed("runs_run", ("text",)),
)


def install(connection: BaseDatabaseWrapper) -> None:
    if connection.vendor == "sqlite" and has_trigrams():
        with connection.cursor() as cursor:
            for statement in sqlite_statements():
                cursor.execute(statement)
    elif connection.vendor == "postgresql" and _has_pg_trgm(connection):
        with connection.cursor() as cursor:
            for table, columns in INDEXED:
                for column in columns:
                    index = f"history_search_{table}_{column}"
                    cursor.execute(
                        f"CREATE INDEX IF NOT EXISTS {index} "
                        f'ON {table} USING gin (UPPER("{column}"::text) gin_trgm_ops)'
                    )
                    cursor.execute(f"ALTER INDEX {index} SET (gin_pending_list_limit = {PENDING_KB})")


def uninstall(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        for table, columns in INDEXED:
            if connection.vendor == "sqlite":
                for event in ("insert", "update", "delete"):
                    cursor.execute(f"DROP TRIGGER IF EXISTS history_{table}_{event}")
            else:
                for column in columns:
                    cursor.execute(f"DROP INDEX IF EXISTS history_search_{table}_{column}")
        if connection.vendor == "sqlite":
            cursor.execute("DROP TABLE IF EXISTS history_fts")
            cursor.execute("DROP TABLE IF EXISTS history_document")


@cache
def has_trigrams() -> bool:
    """Whether this SQLite has FTS5 with trigrams (3.34, 2020, on); without, search reads the tables through."""
    memory = sqlite3.connect(":memory:")
    try:
        memory.execute("CREATE VIRTUAL TABLE t USING fts5(body, tokenize='trigram')")
    except sqlite3.OperationalError:
        log.warning("This SQLite has no FTS5 trigram index: searching the history will be slow.")
        return False
    finally:
        memory.close()
    return True


def sqlite_statements() -> Iterator[str]:
    yield "CREATE TABLE IF NOT EXISTS history_document (id INTEGER PRIMARY KEY, ref TEXT NOT NULL UNIQUE)"
    yield "CREATE VIRTUAL TABLE IF NOT EXISTS history_fts USING fts5(body, tokenize='trigram')"
    for table, columns in INDEXED:
        yield from _triggers(table, columns)
        yield from _backfill(table, columns)


def _body(columns: tuple[str, ...], row: str) -> str:
    return " || char(10) || ".join(f'{row}."{column}"' for column in columns)


def _triggers(table: str, columns: tuple[str, ...]) -> Iterator[str]:
    """The bodies name no table but the index's own: SQLite refuses to rename a table that a trigger's body misses."""
    new, old = _body(columns, "NEW"), _body(columns, "OLD")
    remove = "DELETE FROM history_fts WHERE rowid = (SELECT id FROM history_document WHERE ref = OLD.id);"
    add = (
        "INSERT OR IGNORE INTO history_document (ref) VALUES (NEW.id);"
        f"INSERT INTO history_fts (rowid, body) SELECT id, {new} FROM history_document WHERE ref = NEW.id;"
    )
    names = ", ".join(f'"{column}"' for column in columns)
    yield (
        f"CREATE TRIGGER IF NOT EXISTS history_{table}_insert AFTER INSERT ON {table} WHEN {new} <> '' BEGIN {add} END"
    )
    yield (
        f"CREATE TRIGGER IF NOT EXISTS history_{table}_update AFTER UPDATE OF {names} ON {table} "
        f"WHEN {new} IS NOT {old} BEGIN {remove} {add} END"
    )
    yield (
        f"CREATE TRIGGER IF NOT EXISTS history_{table}_delete AFTER DELETE ON {table} "
        f"BEGIN {remove} DELETE FROM history_document WHERE ref = OLD.id; END"
    )


def _backfill(table: str, columns: tuple[str, ...]) -> Iterator[str]:
    """Index the rows that were there before the triggers."""
    missing = "id NOT IN (SELECT ref FROM history_document)"
    body = _body(columns, table)
    yield f"CREATE TEMP TABLE history_missing AS SELECT id AS ref FROM {table} WHERE {body} <> '' AND {missing}"
    yield "INSERT INTO history_document (ref) SELECT ref FROM history_missing"
    yield (
        f"INSERT INTO history_fts (rowid, body) SELECT d.id, {body} FROM {table} "
        f"JOIN history_missing m ON m.ref = {table}.id JOIN history_document d ON d.ref = m.ref"
    )
    yield "DROP TABLE history_missing"


def _has_pg_trgm(connection: BaseDatabaseWrapper) -> bool:
    """Whether the extension is there, made now if this role may; without, search reads the tables through."""
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except (ProgrammingError, OperationalError, NotSupportedError) as error:
        log.warning(
            "The PostgreSQL extension pg_trgm is missing and could not be made (%s). Searching the history works, but "
            "reads every row. As a superuser run CREATE EXTENSION pg_trgm in this database, then migrate again.",
            str(error).strip().splitlines()[0],
        )
        return False
    return True


def reinstall(*, using: str, **_kwargs: Any) -> None:
    """After each `migrate`, but not before this app's own migration has run, nor once it is undone."""
    connection = connections[using]
    if MIGRATION in MigrationRecorder(connection).applied_migrations():
        install(connection)
