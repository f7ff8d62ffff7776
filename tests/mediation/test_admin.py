import pytest
from django.utils import timezone

from mediation.models import DeadLetter, EndpointStatus, PortStatus, ScheduledJob, ServingProcess, StoredMessage


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


def test_endpoints_that_take_no_messages_are_listed(admin_client, process):
    EndpointStatus.objects.create(process=process, artifact="stock", endpoint="first", address="http://h/", state="off")
    page = admin_client.get("/admin/mediation/endpointstatus/").content.decode()
    assert all(word in page for word in ("stock", "first", "http://h/", "off"))


def test_nobody_edits_what_processes_say(admin_client, process):
    for action in ("add/", f"{process.pk}/delete/"):
        assert admin_client.get(f"/admin/mediation/servingprocess/{action}").status_code == 403
    assert admin_client.post(f"/admin/mediation/servingprocess/{process.pk}/change/").status_code == 403


def act(client, model: str, action: str, *rows) -> str:
    data = {"action": action, "_selected_action": [row.pk for row in rows]}
    return client.post(f"/admin/mediation/{model}/", data, follow=True).content.decode()


def test_jobs_are_deactivated_and_activated(admin_client):
    job = ScheduledJob.objects.create(kind="messageProcessor", name="P", holder="host:12:abc")
    page = admin_client.get("/admin/mediation/scheduledjob/").content.decode()
    assert "host:12<" in page

    act(admin_client, "scheduledjob", "deactivate", job)
    job.refresh_from_db()
    assert (job.active, job.reason) == (False, "deactivated by admin")
    act(admin_client, "scheduledjob", "activate", job)
    job.refresh_from_db()
    assert (job.active, job.reason) == (True, "")


def stored(**changes) -> StoredMessage:
    values = {"store": "S", "message_id": "urn:1", "stored": timezone.now(), "head": "{}", "body": b"<b>\xff</b>"}
    return StoredMessage.objects.create(**values | changes)


def test_stored_messages_are_shown_as_text(admin_client):
    row = stored()
    page = admin_client.get(f"/admin/mediation/storedmessage/{row.pk}/change/").content.decode()
    assert "&lt;b&gt;\\xff&lt;/b&gt;" in page


def test_dead_letters_are_put_back(admin_client):
    letter = stored(dead=True, attempts=4, error="refused", begun=True)
    assert "urn:1" not in admin_client.get("/admin/mediation/storedmessage/").content.decode()
    assert "urn:1" in admin_client.get("/admin/mediation/deadletter/").content.decode()

    assert "Back in their stores, at their old places: 1" in act(admin_client, "deadletter", "put_back", letter)
    letter.refresh_from_db()
    assert (letter.dead, letter.attempts, letter.begun) == (False, 0, False)
    assert not DeadLetter.objects.filter(dead=True).exists()
