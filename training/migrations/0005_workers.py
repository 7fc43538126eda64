import uuid

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('training', '0004_judgements'),
    ]

    operations = [
        migrations.CreateModel(
            name='Worker',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('host', models.CharField(max_length=255)),
                ('pid', models.PositiveIntegerField()),
                ('started_at', models.DateTimeField()),
                ('seen_at', models.DateTimeField()),
                ('running', models.JSONField(default=list, help_text="Of each job: its id, its name and its project's id.")),
                ('devices', models.JSONField(default=list, help_text='Of each device: its name, its memory and what of it is free.')),
                ('memory_bytes', models.PositiveBigIntegerField()),
                ('memory_free_bytes', models.PositiveBigIntegerField()),
                ('disk_free_bytes', models.PositiveBigIntegerField()),
            ],
            options={
                'ordering': ['host', 'started_at'],
            },
        ),
    ]
