from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotation", "0016_known_answer_keeps_rankings_needed")]

    operations = [
        migrations.AddField(
            model_name="comparison",
            name="dispute",
            field=models.FloatField(help_text="How far those who ranked it are apart on average, times their number. None: not all have ranked it, fewer than two did, or its answer stands already.", null=True),
        ),
    ]
