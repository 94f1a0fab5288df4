from django.db import migrations, models


class Migration(migrations.Migration):
    """For the lists of sessions: two conditions on a run that are rare only together are found by one index."""

    dependencies = [
        ("runs", "0007_reads_by_place"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="run", name="run_by_model"),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(fields=["model_id", "status"], name="run_by_model"),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                fields=["status"], name="run_noticed_by_status", condition=models.Q(("has_notices", True))
            ),
        ),
    ]
