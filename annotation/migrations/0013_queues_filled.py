from django.db import migrations
from django.db.models import OuterRef, Subquery


def know_owners(apps, schema_editor):
    """From the prompt, or from the comparison, which has got its own just before."""
    for name, through in (("Demonstration", "Prompt"), ("Comparison", "Prompt"), ("Ranking", "Comparison")):
        owner = apps.get_model("annotation", through).objects.filter(pk=OuterRef(f"{through.lower()}_id"))
        apps.get_model("annotation", name).objects.update(project_id=Subquery(owner.values("project_id")[:1]))


class Migration(migrations.Migration):
    dependencies = [("annotation", "0013_queues")]

    operations = [migrations.RunPython(know_owners, migrations.RunPython.noop)]
