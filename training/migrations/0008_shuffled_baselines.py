from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("training", "0007_estimates")]

    operations = [
        migrations.AddField(
            model_name="traininground",
            name="baseline_of",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=models.SET_NULL,
                related_name="baselines",
                to="training.traininground",
            ),
        ),
    ]
