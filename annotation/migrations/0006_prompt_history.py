from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("annotation", "0005_corpus_documents"),
    ]

    operations = [
        migrations.AddField(
            model_name="prompt",
            name="history",
            field=models.JSONField(blank=True, default=list),
        ),
    ]
