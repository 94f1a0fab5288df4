"""The search index of SQLite: made, kept and restored, whatever happens to the tables."""

import pytest
from django.core.management import call_command
from django.db import connection, models
from django.db.migrations.executor import MigrationExecutor

from playground.accounts.models import User
from playground.history import search_schema
from playground.history.search import search
from playground.history.search_schema import install, uninstall
from playground.runs.models import Run, Session, Turn
from tests.history.factories import make_run, make_session, make_turn


def found(owner: User, term: str) -> int:
    return search(Session.objects.filter(owner=owner), [term]).count()


def names(kind: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = %s AND name LIKE 'history_%%'", [kind])
        return {name for (name,) in cursor.fetchall()}


def test_what_was_there_before_is_indexed(owner: User) -> None:
    uninstall(connection)
    make_run(make_turn(make_session(owner, title="an old title"), "an old prompt"), text="an old answer")

    install(connection)

    for term in ("old title", "old prompt", "old answer"):
        assert found(owner, term) == 1


def test_to_install_again_changes_nothing(owner: User) -> None:
    make_run(make_turn(make_session(owner, title="the title")), text="the answer")

    install(connection)
    install(connection)

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), count(DISTINCT ref) FROM history_document")
        assert cursor.fetchone() == (3, 3)
        cursor.execute("SELECT count(*) FROM history_fts")
        assert cursor.fetchone() == (3,)


@pytest.mark.django_db(transaction=True)
def test_a_rebuilt_table_gets_its_triggers_back() -> None:
    """SQLite's way to alter a table drops it, and with it its triggers; `migrate` restores them."""
    field = Turn._meta.get_field("prompt")
    wider = models.TextField(default="")
    wider.set_attributes_from_name("prompt")
    wider.model = Turn
    with connection.schema_editor() as editor:
        editor.alter_field(Turn, field, wider)
        editor.alter_field(Turn, wider, field)
    assert "history_runs_turn_insert" not in names("trigger")
    owner = User.objects.create_user("rebuilder")
    make_turn(make_session(owner), "written without triggers")

    call_command("migrate", verbosity=0)

    assert "history_runs_turn_insert" in names("trigger")
    assert found(owner, "without triggers") == 1
    make_turn(make_session(owner), "written with triggers")
    assert found(owner, "with triggers") == 1


@pytest.mark.django_db(transaction=True)
def test_vacuum_does_not_shuffle_the_index() -> None:
    owner = User.objects.create_user("tidy")
    turns = [make_turn(make_session(owner, title=f"s{n}"), f"needle{n:03}") for n in range(20)]
    for turn in turns[::2]:
        turn.session.delete()

    with connection.cursor() as cursor:
        cursor.execute("VACUUM")

    hits = search(Session.objects.filter(owner=owner), ["needle007"])
    assert [session.title for session in hits] == ["s7"]


@pytest.mark.django_db(transaction=True)
def test_the_migration_can_be_undone() -> None:
    MigrationExecutor(connection).migrate([("history", None)])
    assert names("trigger") == set()
    assert names("table") == set()

    owner = User.objects.create_user("back")
    make_turn(make_session(owner), "still works")
    MigrationExecutor(connection).migrate([search_schema.MIGRATION])

    assert found(owner, "still works") == 1


def test_a_heartbeat_does_not_touch_the_index(owner: User) -> None:
    run = make_run(make_turn(make_session(owner)), text="as it was")
    with connection.cursor() as cursor:
        cursor.execute("SELECT total_changes()")
        (before,) = cursor.fetchone()
        Run.objects.filter(pk=run.pk).update(last_seq=5)
        cursor.execute("SELECT total_changes()")
        (after,) = cursor.fetchone()

    assert after - before == 1


def test_without_trigrams_search_reads_the_tables(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    make_turn(make_session(owner), "found all the same")
    monkeypatch.setattr("playground.history.search.has_trigrams", lambda: False)

    assert found(owner, "all the same") == 1
