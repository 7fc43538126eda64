from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('training', '0003_package'),
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
                ],
                max_length=15,
            ),
        ),
    ]
