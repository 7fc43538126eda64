import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('annotation', '0004_provenance_of_links_and_imports'),
        ('training', '0002_method_choices'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Package',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('status', models.CharField(choices=[('queued', 'Queued'), ('running', 'Running'), ('succeeded', 'Succeeded'), ('failed', 'Failed'), ('cancelled', 'Cancelled')], default='queued', max_length=10)),
                ('attempt', models.PositiveSmallIntegerField(default=0)),
                ('lease_owner', models.UUIDField(null=True)),
                ('lease_expires_at', models.DateTimeField(null=True)),
                ('cancel_requested_at', models.DateTimeField(null=True)),
                ('progress', models.JSONField(default=dict)),
                ('result', models.JSONField(default=dict)),
                ('failure_code', models.CharField(blank=True, max_length=40)),
                ('failure_message', models.TextField(blank=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('started_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('format', models.CharField(choices=[('adapter', 'Adapter folder'), ('merged', 'Merged model'), ('gguf', 'GGUF file')], max_length=10)),
                ('adapter', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='packages', to='training.adapter')),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='packages', to='annotation.project')),
            ],
            options={
                'ordering': ['-created_at'],
                'indexes': [models.Index(fields=['adapter', 'format', 'status'], name='packages_of_an_adapter')],
            },
        ),
    ]
