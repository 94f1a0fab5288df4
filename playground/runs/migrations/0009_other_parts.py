from django.db import migrations, models


class Migration(migrations.Migration):
    """Which answers are more than text: pages ask for the rest of those. Not known of the runs there are."""

    dependencies = [
        ("runs", "0008_run_lists"),
    ]

    operations = [
        migrations.AddField(
            model_name="run",
            name="has_other_parts",
            field=models.BooleanField(null=True),
        ),
    ]
