from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runs", "0009_other_parts")]

    operations = [
        migrations.AddIndex(
            model_name="session",
            index=models.Index(
                fields=["workspace", "-updated_at"], name="session_sample", condition=models.Q(origin="sample")
            ),
        ),
    ]
