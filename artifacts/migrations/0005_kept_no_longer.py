"""
Artifacts of kinds that were only kept get rows of their own, with their history.

Their columns and findings are filled by the recheck that follows a migration.
"""

from django.db import migrations

MODELS = {
    "api": "Api",
    "template": "Template",
    "messageStore": "MessageStore",
    "messageProcessor": "MessageProcessor",
    "task": "Task",
}
COLUMNS = ("name", "xml", "state", "version", "source", "created", "updated")
OF_A_RECORD = ("history_date", "history_change_reason", "history_type", "history_user_id")
UNCHECKED = {"severity": "not runnable", "message": "not checked yet", "line": None, "check": "migration"}


def take_out(apps, schema_editor):
    for kind, name in MODELS.items():
        rows = apps.get_model("artifacts", "KeptArtifact").objects.filter(kind=kind)
        _move(apps, rows, "HistoricalKeptArtifact", name, f"Historical{name}", {})


def put_back(apps, schema_editor):
    for kind, name in MODELS.items():
        rows = apps.get_model("artifacts", name).objects.all()
        _move(apps, rows, f"Historical{name}", "KeptArtifact", "HistoricalKeptArtifact", {"kind": kind})


def _move(apps, rows, historical, to, to_historical, more):
    model = apps.get_model("artifacts", to)
    record_model = apps.get_model("artifacts", to_historical)
    for old in rows:
        new = model.objects.create(**_values(old, COLUMNS), **more, findings=[UNCHECKED])
        records = apps.get_model("artifacts", historical).objects.filter(id=old.pk)
        record_model.objects.bulk_create(
            record_model(id=new.pk, **_values(record, COLUMNS + OF_A_RECORD), **more)
            for record in records.order_by("history_id")
        )
        records.delete()
        old.delete()


def _values(row, columns):
    return {column: getattr(row, column) for column in columns}


class Migration(migrations.Migration):
    dependencies = [("artifacts", "0004_more_kinds")]

    operations = [migrations.RunPython(take_out, put_back)]
