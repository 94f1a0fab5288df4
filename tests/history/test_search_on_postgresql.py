"""The search index of PostgreSQL."""

import logging

import pytest
from django.db import connection

from playground.history.search_schema import install, uninstall
from playground.runs.models import Run

pytestmark = pytest.mark.postgresql


@pytest.mark.django_db
def test_postgresql_uses_its_trigram_indexes() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE indexname LIKE 'history_search_%'")
        assert {name for (name,) in cursor.fetchall()} == {
            "history_search_runs_session_title",
            "history_search_runs_turn_prompt",
            "history_search_runs_turn_system",
            "history_search_runs_run_text",
        }
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = Run.objects.filter(text__icontains="needle").order_by().explain()
    assert "history_search_runs_run_text" in plan


@pytest.mark.django_db
def test_postgresql_without_the_extension_says_what_to_do(caplog: pytest.LogCaptureFixture) -> None:
    uninstall(connection)
    with connection.cursor() as cursor:
        cursor.execute("DROP EXTENSION IF EXISTS pg_trgm")
        cursor.execute("CREATE ROLE history_test_role")
        cursor.execute("SET LOCAL ROLE history_test_role")
    with caplog.at_level(logging.WARNING):
        install(connection)
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")

    assert "CREATE EXTENSION pg_trgm" in caplog.text
