from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('training', '0005_workers'),
    ]

    operations = [
        migrations.AlterField(
            model_name='datasetversion',
            name='kind',
            field=models.CharField(
                choices=[
                    ('demonstrations', 'Demonstrations'),
                    ('preferences', 'Preference pairs'),
                    ('judgements', 'Judgements'),
                    ('corpus', 'Corpus'),
                ],
                max_length=15,
            ),
        ),
    ]
