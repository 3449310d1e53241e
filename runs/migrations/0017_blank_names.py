"""Mappings with a blank name were packed as if they were numbers: such blocks cannot be read. The turns have it all."""

from typing import Any

from django.db import migrations
from django.db.models.functions import Length

TURNS, BYTES = 4_096, 8


def forget(apps: Any, schema_editor: Any) -> None:
    blocks = apps.get_model("runs", "SeriesBlock").objects.annotate(size=Length("values"))
    blocks.filter(names=[], size__gt=TURNS * BYTES).delete()


class Migration(migrations.Migration):
    dependencies = [("runs", "0016_notifiers_of_all_and_overlap")]

    operations = [migrations.RunPython(forget, migrations.RunPython.noop)]
