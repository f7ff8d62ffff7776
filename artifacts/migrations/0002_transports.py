"""The senders of ws and wss, with the outflow sequence that they have without configuration."""

from django.db import migrations


def create_transports(apps, schema_editor):
    TransportSender = apps.get_model("artifacts", "TransportSender")
    TransportParameter = apps.get_model("artifacts", "TransportParameter")
    for scheme in ("ws", "wss"):
        sender = TransportSender.objects.create(scheme=scheme)
        TransportParameter.objects.create(sender=sender, name="ws.outflow.dispatch.sequence", value="outDispatchSeq")
    apps.get_model("artifacts", "Deployment").objects.create(pk=1, generation=1)


def delete_transports(apps, schema_editor):
    apps.get_model("artifacts", "TransportSender").objects.all().delete()
    apps.get_model("artifacts", "Deployment").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("artifacts", "0001_artifacts")]

    operations = [migrations.RunPython(create_transports, delete_transports)]
