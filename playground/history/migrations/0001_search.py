from django.db import migrations

from playground.history.search_schema import install, uninstall


class Migration(migrations.Migration):
    """The search index of prompts, answers and titles: SQLite FTS5 with triggers, or PostgreSQL trigram indexes."""

    dependencies = [("runs", "0001_initial")]

    operations = [
        migrations.RunPython(
            lambda _apps, editor: install(editor.connection), lambda _apps, editor: uninstall(editor.connection)
        )
    ]
