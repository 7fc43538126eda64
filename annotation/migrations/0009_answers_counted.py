from django.db import migrations
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce


def count_answers(apps, schema_editor):
    Prompt, Demonstration = apps.get_model("annotation", "Prompt"), apps.get_model("annotation", "Demonstration")
    Prompt.objects.filter(split="evaluation").update(answers_needed=0)
    answers = Demonstration.objects.filter(prompt_id=OuterRef("pk")).exclude(status="draft").order_by()
    counted = answers.values("prompt_id").annotate(number=Count("pk")).values("number")
    Prompt.objects.update(answers_done=Coalesce(Subquery(counted), 0))
    Demonstration.objects.filter(revisions__note="Imported").update(origin="imported")


class Migration(migrations.Migration):
    dependencies = [("annotation", "0008_workbench")]

    operations = [migrations.RunPython(count_answers, migrations.RunPython.noop)]
