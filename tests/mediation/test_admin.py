import pytest
from django.utils import timezone

from mediation.models import PortStatus, ServingProcess


@pytest.fixture(autouse=True)
def process(db, settings):
    settings.ROOT_URLCONF = "tests.artifacts.admin.urls"
    now = timezone.now()
    process = ServingProcess.objects.create(host="h", pid=1, generation=3, started=now, heartbeat=now)
    PortStatus.objects.create(process=process, artifact="door", protocol="ws", port=9091, state="open")
    return process


def test_processes_and_ports_are_listed(admin_client):
    assert "h:1" in admin_client.get("/admin/mediation/servingprocess/").content.decode()
    assert "9091" in admin_client.get("/admin/mediation/portstatus/").content.decode()


def test_nobody_edits_what_processes_say(admin_client, process):
    for action in ("add/", f"{process.pk}/delete/"):
        assert admin_client.get(f"/admin/mediation/servingprocess/{action}").status_code == 403
    assert admin_client.post(f"/admin/mediation/servingprocess/{process.pk}/change/").status_code == 403
