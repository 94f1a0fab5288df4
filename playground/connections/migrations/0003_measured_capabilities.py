import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connections", "0002_prices"),
        ("workspaces", "0003_token_scopes"),
    ]

    operations = [
        migrations.CreateModel(
            name="Measurement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("connection", models.CharField(max_length=60)),
                ("model", models.CharField(max_length=200)),
                ("measured_at", models.DateTimeField()),
                ("results", models.JSONField(default=dict)),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="measurements",
                        to="workspaces.workspace",
                    ),
                ),
            ],
            options={
                "ordering": ["connection", "model"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace", "connection", "model"), name="measurement_once_per_model"
                    )
                ],
            },
        ),
    ]
