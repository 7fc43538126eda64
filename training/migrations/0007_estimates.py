from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('training', '0006_corpus'),
    ]

    operations = [
        migrations.AddField(
            model_name='preflight',
            name='dry',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='traininground',
            name='estimate',
            field=models.JSONField(default=dict),
        ),
    ]
