from django.db import migrations

from annotation import search_tables


class Migration(migrations.Migration):

    dependencies = [
        ('annotation', '0025_bias_lists'),
    ]

    operations = [
        migrations.RunPython(
            lambda apps, schema_editor: search_tables.create(schema_editor.connection),
            lambda apps, schema_editor: search_tables.drop(schema_editor.connection),
        ),
    ]
