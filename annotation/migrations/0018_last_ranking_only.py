import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Max


def keep_when_it_was_frozen(apps, schema_editor):
    Comparison, Project = apps.get_model('annotation', 'Comparison'), apps.get_model('annotation', 'Project')
    frozen = Comparison.objects.exclude(frozen_at=None).order_by().values_list('project').annotate(last=Max('frozen_at'))
    for project, last in list(frozen):
        Project.objects.filter(pk=project).update(rankings_frozen_at=last)


def let_those_rank_who_trained(apps, schema_editor):
    """What was given in training of comparisons that are usual ones again would keep its author from ranking them."""
    Ranking = apps.get_model('annotation', 'Ranking')
    Ranking.objects.filter(in_training=True, comparison__gold=None).delete()


class Migration(migrations.Migration):

    dependencies = [
        ('annotation', '0017_consensus'),
    ]

    operations = [
        migrations.AddField(
            model_name='project',
            name='rankings_frozen_at',
            field=models.DateTimeField(editable=False, help_text='When a dataset version last took rankings up; those given before stand.', null=True),
        ),
        migrations.AddField(
            model_name='ranker',
            name='latest',
            field=models.OneToOneField(help_text='Their last ranking while it can be taken back: none once it was, or somebody has worked with it.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='latest_of', to='annotation.ranking'),
        ),
        migrations.AlterField(
            model_name='adjudication',
            name='decided_at',
            field=models.DateTimeField(auto_now_add=True, help_text='When it was decided last.'),
        ),
        migrations.RunPython(keep_when_it_was_frozen, migrations.RunPython.noop),
        migrations.RemoveField(
            model_name='comparison',
            name='frozen_at',
        ),
        migrations.RunPython(let_those_rank_who_trained, migrations.RunPython.noop),
    ]
