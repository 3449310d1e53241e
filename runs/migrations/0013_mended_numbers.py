from django.db import migrations

# Rows of before that broke pages: a cost that no column holds was stored by SQLite all the same, a NaN by PostgreSQL.
MENDED = (
    ("runs_run", "total_cost_usd", "0", "99999999.999999", "NULL"),
    ("runs_run", "total_tokens", "0", "9007199254740991", "NULL"),
    ("runs_run", "decision_tokens", "0", "9007199254740991", "NULL"),
    ("runs_run", "duration_ms", "0", "9007199254740991", "NULL"),
    ("runs_run", "decision_latency_ms", "0", "1e15", "0"),
    ("runs_decision", "cost_usd", "0", "99999999.999999", "NULL"),
    ("runs_decision", "tokens", "0", "9007199254740991", "NULL"),
    ("runs_decision", "latency_ms", "0", "1e15", "NULL"),
    ("runs_decision", "quality", "0", "1", "NULL"),
    ("runs_turn", "duration_ms", "0", "1e15", "0"),
)


def mend(apps, schema_editor):
    """Numbers that no column holds become unknown. The triggers that keep results are made again after the migrations."""
    on = schema_editor.connection.vendor == "postgresql"
    schema_editor.execute(f"DROP TRIGGER IF EXISTS run_immutable{' ON runs_run' if on else ''}")
    schema_editor.execute(f"DROP TRIGGER IF EXISTS turn_immutable{' ON runs_turn' if on else ''}")
    for table, column, least, most, instead in MENDED:
        schema_editor.execute(
            f"UPDATE {table} SET {column} = {instead} WHERE {column} IS NOT NULL AND NOT ({column} BETWEEN {least} AND {most})"
        )
    schema_editor.execute(
        "UPDATE runs_run SET problem_count = critical_count + warning_count WHERE problem_count < critical_count + warning_count"
    )
    schema_editor.execute(
        "UPDATE runs_run SET decision_count = decisions_successful + decisions_failed "
        "WHERE decision_count < decisions_successful + decisions_failed"
    )


class Migration(migrations.Migration):
    """Apart from the constraints: PostgreSQL alters no table whose rows were changed in the same transaction."""

    dependencies = [
        ('runs', '0012_presence'),
    ]

    operations = [
        migrations.RunPython(mend, migrations.RunPython.noop),
    ]
