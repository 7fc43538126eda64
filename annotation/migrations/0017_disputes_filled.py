from collections import defaultdict

from django.db import migrations
from django.db.models import F

from annotation.quality.disputes import dispute

PART = 1_000


def fill(apps, schema_editor):
    """How far people are apart on what has all its rankings, part by part."""
    comparisons, rankings = apps.get_model("annotation", "Comparison"), apps.get_model("annotation", "Ranking")
    usual = comparisons.objects.filter(repeat_of=None, gold=None, adjudication=None, rankings_done__gte=2)
    left = usual.filter(rankings_done__gte=F("rankings_needed")).order_by("pk").values_list("pk", flat=True)
    after = None
    while part := list(left.filter(pk__gt=after)[:PART] if after else left[:PART]):
        after, said = part[-1], defaultdict(list)
        for each in rankings.objects.filter(comparison__in=part, in_training=False):
            said[each.comparison_id].append(each)
        changed = [comparisons(pk=pk, dispute=dispute(said[pk])) for pk in part if said[pk]]
        comparisons.objects.bulk_update(changed, ["dispute"], batch_size=200)


class Migration(migrations.Migration):
    dependencies = [("annotation", "0017_disputes")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
