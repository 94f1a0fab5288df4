"""Rows by hand, where Django's making of SQL was most of what an operation cost: each run and each commit pays it.

The SQL is plain, and its values are adapted by the models' own fields: a row is what the ORM would have written.
"""

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Combinable

_turn = threading.Lock()


def database() -> BaseDatabaseWrapper:
    """This thread's own, looked up once: `django.db.connection` does it at each attribute."""
    return connections[DEFAULT_DB_ALIAS]


@contextmanager
def writing() -> Iterator[None]:
    """A transaction that writes. Who waits for SQLite's one writer looks in every few ms, at last every 100, and may be
    passed over for long: the threads of this process take turns instead."""
    if database().vendor != "sqlite" or database().in_atomic_block:
        with transaction.atomic():
            yield
        return
    with _turn, transaction.atomic():
        yield


def table_of(model: type[models.Model]) -> str:
    return database().ops.quote_name(model._meta.db_table)  # noqa: SLF001  (documented: "Model _meta API")


def keys_of(ids: Sequence[UUID]) -> Sequence[UUID | str]:
    """Ids as the database's driver takes them, and gives them back from a query by hand."""
    return ids if database().features.has_native_uuid_field else [one.hex for one in ids]


def places(values: Collection[Any]) -> str:
    """For as many values between the brackets of an IN; of none, what is equal to nothing."""
    return ", ".join(["%s"] * len(values)) or "NULL"


def fetch(sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    with database().cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def insert(*instances: models.Model) -> None:
    """Save new instances of one model. They have their primary keys, and no signals are sent.

    A value may be an expression, if it is the same one for all.
    """
    db, model = database(), type(instances[0])
    fields = model._meta.concrete_fields  # noqa: SLF001
    rows = []
    for instance in instances:
        slots, row = _adapted(db, model, [(field, field.pre_save(instance, True)) for field in fields])
        rows.append(row)
        instance._state.adding, instance._state.db = False, DEFAULT_DB_ALIAS  # noqa: SLF001  (as `save` does)
    add(model, [str(field.column) for field in fields], slots, rows)


def add(
    model: type[models.Model],
    columns: Sequence[str],
    slots: Sequence[str],
    values: Sequence[Sequence[Any]],
    rest: str = "",
) -> None:
    """Insert rows of values that the driver takes; `rest` ends the SQL.

    In one statement, where each costs a way to the server and back; SQLite makes one for a row ready once for all.
    """
    if not values:
        return
    db = database()
    names, row = ", ".join(map(db.ops.quote_name, columns)), f"({', '.join(slots)})"
    sql = f"INSERT INTO {table_of(model)} ({names}) VALUES "  # noqa: S608
    with db.cursor() as cursor:
        if db.vendor == "sqlite":
            cursor.executemany(f"{sql}{row} {rest}", values)
        else:
            cursor.execute(f"{sql}{', '.join([row] * len(values))} {rest}", list(chain.from_iterable(values)))


def update(model: type[models.Model], changes: Sequence[tuple[UUID, Mapping[str, Any]]]) -> None:
    """Set fields of rows by their ids; all `changes` set the same fields. A value may be an expression, as above."""
    if not changes:
        return
    db = database()
    known = {field.name: field for field in model._meta.concrete_fields}  # noqa: SLF001
    fields = [known[name] for name in changes[0][1]]
    rows = []
    for key, (_, values) in zip(keys_of([key for key, _ in changes]), changes, strict=True):
        slots, row = _adapted(db, model, [(field, values[field.name]) for field in fields])
        rows.append([*row, key])
    sets = ", ".join(
        f"{db.ops.quote_name(str(field.column))} = {slot}" for field, slot in zip(fields, slots, strict=True)
    )
    sql = f"UPDATE {table_of(model)} SET {sets} WHERE id = %s"  # noqa: S608
    with db.cursor() as cursor:
        if len(rows) == 1:  # which PostgreSQL's driver would send in three pieces, to be ready for more
            cursor.execute(sql, rows[0])
        else:
            cursor.executemany(sql, rows)


def _adapted(
    db: BaseDatabaseWrapper, model: type[models.Model], values: Sequence[tuple["models.Field[Any, Any]", Any]]
) -> tuple[list[str], list[Any]]:
    """What stands for each value in the SQL, and the values as the driver takes them."""
    slots, row = [], []
    for field, value in values:
        if isinstance(value, Combinable):
            query = models.sql.Query(model)
            compiler = query.get_compiler(connection=db)
            slot, inner = compiler.compile(value.resolve_expression(query))  # type: ignore[attr-defined]
            slots.append(slot)
            row.extend(inner)
        else:
            slots.append("%s")
            row.append(field.get_db_prep_save(value, db))
    return slots, row
