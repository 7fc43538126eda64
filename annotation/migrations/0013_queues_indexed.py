import django.db.models.deletion
from django.db import migrations, models


def owner(name):
    return models.ForeignKey(
        db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE,
        related_name=name, to="annotation.project",
    )


TO_ANSWER = models.Q(("answers_done__lt", models.F("answers_needed")))
TO_RANK = models.Q(("rankings_done__lt", models.F("rankings_needed")))


class Migration(migrations.Migration):
    dependencies = [("annotation", "0013_queues_filled")]

    operations = [
        migrations.AlterField("comparison", "project", owner("comparisons")),
        migrations.AlterField("demonstration", "project", owner("demonstrations")),
        migrations.AlterField("ranking", "project", owner("rankings")),
        migrations.RemoveIndex("comparison", "comparisons_to_rank"),
        migrations.RemoveIndex("demonstration", "annotation__status_6a784d_idx"),
        migrations.RemoveIndex("prompt", "prompts_to_answer"),
        migrations.RemoveIndex("prompt", "informative_prompts_first"),
        migrations.AddIndex("comparison", models.Index(condition=TO_RANK, fields=["project", "assignment", "-priority", "created_at", "id"], name="comparisons_to_rank")),
        migrations.AddIndex("comparison", models.Index(fields=["project", "rankings_done", "rankings_needed"], name="annotation__project_29ad44_idx")),
        migrations.AddIndex("demonstration", models.Index(fields=["project", "status", "submitted_at"], name="annotation__project_a39cfc_idx")),
        migrations.RemoveIndex("demonstration", "annotation__author__c228b7_idx"),
        migrations.AddIndex("demonstration", models.Index(fields=["project", "author", "status", "submitted_at"], name="annotation__project_c00118_idx")),
        migrations.AddIndex("demonstration", models.Index(fields=["project", "submitted_at", "author"], name="annotation__project_57f5cf_idx")),
        migrations.AddIndex("demonstration", models.Index(fields=["project", "reviewed_by", "reviewed_at", "status"], name="annotation__project_5bcddd_idx")),
        migrations.AddIndex("lease", models.Index(fields=["user", "project", "kind"], name="annotation__user_id_4560fd_idx")),
        migrations.AddIndex("prompt", models.Index(condition=TO_ANSWER, fields=["project", "assignment", "-priority", "position", "id"], name="prompts_to_answer")),
        migrations.AddIndex("prompt", models.Index(condition=TO_ANSWER, fields=["project", "assignment", "-priority", "-expected_value", "position", "id"], name="informative_prompts_first")),
        migrations.AddIndex("ranking", models.Index(fields=["project", "created_at", "ranker"], name="annotation__project_a6c9ac_idx")),
    ]
