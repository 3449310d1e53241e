from django.db import migrations, models

SECRETS = models.JSONField(blank=True, default=list, editable=False)
DESCRIPTION = models.TextField(blank=True, default="", help_text="What it is for.")


class Migration(migrations.Migration):
    dependencies = [("runs", "0014_bounds")]

    operations = [
        migrations.AddField("run", "secrets", SECRETS),
        migrations.AddField("simulation", "secrets", SECRETS),
        migrations.AddField("run", "description", DESCRIPTION),
        migrations.AddField("simulation", "description", DESCRIPTION),
    ]
