
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('annotation', '0017_disputes_indexed'),
    ]

    operations = [
        migrations.CreateModel(
            name='AgreementReport',
            fields=[
                ('project', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='agreement_report', serialize=False, to='annotation.project')),
                ('sections', models.JSONField(default=list)),
                ('covers', models.JSONField(default=dict)),
                ('made_at', models.DateTimeField(null=True)),
                ('seconds', models.FloatField(default=0.0, help_text='How long it took.')),
                ('asked_at', models.DateTimeField(null=True)),
                ('begun_at', models.DateTimeField(null=True)),
                ('problem', models.CharField(blank=True, max_length=500)),
            ],
        ),
    ]
