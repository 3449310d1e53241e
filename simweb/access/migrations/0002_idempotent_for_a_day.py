from django.db import migrations, models


def forget(apps, schema_editor):
    """What was kept until now has no role, and may hold secrets."""
    apps.get_model("access", "IdempotentRequest").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("access", "0001_initial")]

    operations = [
        migrations.RunPython(forget, migrations.RunPython.noop, elidable=True),
        migrations.AddField(
            "idempotentrequest",
            "role",
            models.CharField(
                choices=[("viewer", "Viewer"), ("operator", "Operator"), ("admin", "Admin")],
                default="admin",
                max_length=10,
            ),
            preserve_default=False,
        ),
        migrations.AlterField(
            "idempotentrequest",
            "created_at",
            models.DateTimeField(auto_now_add=True, db_index=True),
        ),
    ]
