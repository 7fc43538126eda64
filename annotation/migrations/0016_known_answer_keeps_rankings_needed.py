from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('annotation', '0015_assigned_for_approving'),
    ]

    operations = [
        migrations.AddField(
            model_name='gold',
            name='rankings_needed',
            field=models.PositiveSmallIntegerField(help_text='What the comparison needed before; none: as many as the project asks for.', null=True),
        ),
    ]
