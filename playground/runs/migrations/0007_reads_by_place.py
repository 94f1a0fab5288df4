from django.db import migrations, models


class Migration(migrations.Migration):
    """All columns may be null: adding them rewrites no table."""

    dependencies = [
        ("runs", "0006_runs_of_tokens"),
    ]

    operations = [
        migrations.AddField(
            model_name="segment",
            name="reads_before",
            field=models.IntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="segment",
            name="bytes_before",
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="run",
            name="raw_pruned_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
