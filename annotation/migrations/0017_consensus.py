
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('annotation', '0017_agreement_report'),
    ]

    operations = [
        migrations.AddField(
            model_name='project',
            name='consensus',
            field=models.CharField(choices=[('automatic', 'What suits the number of shared comparisons'), ('majority', 'Majority: two thirds of those who judged'), ('weighted', 'Weighted: each person by how reliable they are')], default='automatic', help_text='What counts where several people ranked the same, unless something else is chosen when freezing.', max_length=10),
        ),
    ]
