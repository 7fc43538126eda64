from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotation", "0009_answers_counted")]

    operations = [
        migrations.AddConstraint(
            model_name='prompt',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('split', 'evaluation'), _negated=True), ('answers_needed', 0), _connector='OR'), name='nobody_answers_what_is_held_out'),
        ),
    ]
