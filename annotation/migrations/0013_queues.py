import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def owner(name):
    return models.ForeignKey(
        db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.CASCADE,
        related_name=name, to="annotation.project",
    )


def assignment():
    return models.ForeignKey(
        db_index=False, help_text="For whom; none: for everybody.", null=True,
        on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="annotation.assignment",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0012_corrections_and_undo"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.DeleteModel(name="Assignment"),
        migrations.CreateModel(
            name="Assignment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("people", models.JSONField(default=list, help_text="Ids of users, in order.")),
                ("roles", models.JSONField(default=list)),
                ("key", models.CharField(help_text="Both, as text: what makes two sets the same.", max_length=500)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("project", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="assignments", to="annotation.project")),
            ],
            options={"ordering": ["pk"]},
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.UniqueConstraint(fields=("project", "key"), name="one_assignment_per_set"),
        ),
        migrations.CreateModel(
            name="Chore",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(choices=[("arrange", "Arrange prompts"), ("estimate", "Estimate what answers would teach")], max_length=10)),
                ("spec", models.JSONField(default=dict)),
                ("status", models.CharField(choices=[("queued", "Queued"), ("running", "Running"), ("done", "Done"), ("failed", "Failed")], default="queued", max_length=10)),
                ("attempt", models.PositiveIntegerField(default=0)),
                ("lease_expires_at", models.DateTimeField(null=True)),
                ("after", models.IntegerField(default=-1)),
                ("changed", models.PositiveIntegerField(default=0)),
                ("state", models.JSONField(default=dict, help_text="What the next part needs from those before it.")),
                ("problem", models.CharField(blank=True, max_length=500)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("created_by", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("project", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="chores", to="annotation.project")),
            ],
            options={
                "ordering": ["-created_at"],
                "indexes": [
                    models.Index(fields=["project", "kind", "-created_at"], name="annotation__project_941b03_idx"),
                    models.Index(fields=["status", "lease_expires_at"], name="annotation__status_2c4ec6_idx"),
                ],
            },
        ),
        migrations.AddField(
            "project",
            "has_assignments",
            models.BooleanField(default=False, editable=False, help_text="Whether any item was ever kept for somebody: most projects never ask."),
        ),
        migrations.AddField("prompt", "assignment", assignment()),
        migrations.AddField("comparison", "assignment", assignment()),
        migrations.AddField("comparison", "project", owner("comparisons")),
        migrations.AddField("demonstration", "project", owner("demonstrations")),
        migrations.AddField("ranking", "project", owner("rankings")),
    ]
