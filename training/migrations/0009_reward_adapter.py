import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("training", "0008_shuffled_baselines")]

    operations = [
        migrations.AddField(
            model_name="preflight",
            name="reward_adapter",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="training.adapter",
            ),
        ),
        migrations.AddField(
            model_name="traininground",
            name="reward_adapter",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="rewarded",
                to="training.adapter",
            ),
        ),
    ]
