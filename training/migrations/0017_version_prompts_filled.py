from django.db import migrations

FILL = """
    INSERT INTO training_versionprompt (version_id, prompt_id)
    SELECT DISTINCT held.version_id, held.prompt
    FROM training_versionrow held
    JOIN annotation_prompt ON annotation_prompt.teaching_key = held.prompt
    WHERE NOT EXISTS (
        SELECT 1 FROM training_versionprompt known
        WHERE known.version_id = held.version_id AND known.prompt_id = held.prompt
    )
"""


class Migration(migrations.Migration):
    """Versions from before the database named their prompts. What is held out by now stays out: a leak says so."""

    dependencies = [
        ("annotation", "0028_teaching_key"),
        ("training", "0016_swapped_copies"),
    ]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
