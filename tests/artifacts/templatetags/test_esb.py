import os
import socket

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from artifacts.store import save_artifact
from mediation.models import PortStatus, ServingProcess

NS = 'xmlns="http://ws.apache.org/ns/synapse"'


@pytest.fixture(autouse=True)
def serving(db, settings):
    settings.ROOT_URLCONF = "tests.artifacts.admin.urls"
    now = timezone.now()
    process = ServingProcess.objects.create(
        host=socket.gethostname(), pid=os.getpid(), generation=7, started=now, heartbeat=now
    )
    PortStatus.objects.create(
        process=process, artifact="door", protocol="ws", port=9091, state="faulty", reason="held by process 4711"
    )


def test_the_first_page_tells_of_processes_ports_and_faulty_artifacts(admin_client):
    save_artifact(f'<sequence {NS} name="bad"><log level="fll"/></sequence>')

    html = admin_client.get("/admin/").content.decode()

    for told in ("generation 7", "9091", "held by process 4711", "line 1: &lt;log&gt; level &quot;fll&quot;"):
        assert told in html


def test_the_first_page_tells_strangers_nothing(client):
    save_artifact(f'<sequence {NS} name="bad"><log level="fll"/></sequence>')
    client.force_login(User.objects.create_user("stranger", is_staff=True))

    html = client.get("/admin/").content.decode()

    assert "9091" not in html
    assert "bad" not in html
