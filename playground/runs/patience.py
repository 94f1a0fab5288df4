"""How long a request waits for PostgreSQL: a person, and a program, would rather hear that it does not answer.

Of the threads that serve requests only. What the engine stores is kept until it can be stored, and commands such as
`migrate` and `prune` take as long as they take.
"""

import threading
from typing import Any, Final

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

STATEMENT_S: Final = 15  # PostgreSQL itself ends a statement that takes longer
ANSWER_S: Final = 20.0  # and if it does not even do that, nobody waits for it any longer

_thread = threading.local()


def limit_this_thread() -> None:
    """The connections that this thread opens from now on wait no longer than that."""
    _thread.is_limited = True
    connection_created.connect(_limit, dispatch_uid="patience")


def _limit(connection: BaseDatabaseWrapper, **_kwargs: Any) -> None:
    if connection.vendor != "postgresql" or not getattr(_thread, "is_limited", False):
        return
    import psycopg  # where there is SQLite alone, it is not loaded

    raw: psycopg.Connection[Any] = connection.connection
    wait = raw.wait

    def wait_no_longer(*args: Any, **kwargs: Any) -> Any:
        try:
            return wait(*args, **{"timeout": ANSWER_S, **kwargs})
        except psycopg.OperationalError:
            if raw.pgconn.transaction_status == psycopg.pq.TransactionStatus.ACTIVE:  # it answers nobody any more
                raw.pgconn.finish()
            raise

    raw.wait = wait_no_longer  # type: ignore[method-assign]
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = %s", [f"{STATEMENT_S}s"])
