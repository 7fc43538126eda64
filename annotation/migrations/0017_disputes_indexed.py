from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotation", "0017_disputes_filled")]

    operations = [
        migrations.AddIndex(
            model_name="comparison",
            index=models.Index(condition=models.Q(("dispute__isnull", False)), fields=["project", "-dispute", "id"], name="comparisons_in_dispute"),
        ),
    ]
