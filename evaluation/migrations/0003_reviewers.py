
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('annotation', '0017_consensus'),
        ('evaluation', '0002_review_active_seconds'),
    ]

    operations = [
        migrations.AddField(
            model_name='evaluation',
            name='reviewers',
            field=models.ForeignKey(help_text='Who gets its outputs to score; none: everybody.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='evaluations', to='annotation.assignment'),
        ),
    ]
