"""A request does not wait for a PostgreSQL that does not answer; the engine and commands do."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection, connections

from playground.runs import patience
from playground.runs.database import is_away

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

LONG = "SELECT pg_sleep(600)"


@pytest.fixture
def request_thread() -> Iterator[ThreadPoolExecutor]:
    if connection.vendor != "postgresql":
        pytest.skip("of PostgreSQL alone")
    with ThreadPoolExecutor(1, initializer=patience.limit_this_thread) as pool:
        yield pool
        pool.submit(connections.close_all).result()


def ask(sql: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def refusal(ask_it: Callable[[], object]) -> OperationalError:
    with pytest.raises(OperationalError) as caught:
        ask_it()
    assert is_away(caught.value)
    return caught.value


def test_a_statement_that_takes_too_long_is_ended(
    request_thread: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "STATEMENT_S", 0.1)
    assert "statement timeout" in str(refusal(request_thread.submit(ask, LONG).result))
    assert request_thread.submit(ask, "SELECT 1").result() == 1


def test_nobody_waits_for_a_server_that_says_nothing(
    request_thread: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = request_thread.submit(ask, "SELECT pg_backend_pid()").result()
    monkeypatch.setattr(patience, "ANSWER_S", 0.1)
    refusal(request_thread.submit(ask, LONG).result)
    ask(f"SELECT pg_terminate_backend({pid})")  # it would sleep on
    assert request_thread.submit(_ask_anew, "SELECT 1").result() == 1


def _ask_anew(sql: str) -> object:
    connection.close_if_unusable_or_obsolete()  # as each request does when it begins
    return ask(sql)


@pytest.mark.usefixtures("request_thread")
def test_other_threads_have_no_limit() -> None:
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(ask, "SHOW statement_timeout").result() == "0"
        pool.submit(connections.close_all).result()
