import io
import os
import socket

import pytest
from django.core.management import call_command
from django.utils import timezone

from mediation.models import ServingProcess

pytestmark = pytest.mark.django_db


def run() -> str:
    told = io.StringIO()
    call_command("reset_runtime", stdout=told)
    return told.getvalue()


def test_live_processes_are_asked():
    now = timezone.now()
    row = ServingProcess.objects.create(
        host=socket.gethostname(), pid=os.getpid(), generation=1, started=now, heartbeat=now
    )

    assert run() == f"asked: {row}\n"
    row.refresh_from_db()
    assert row.reset_wanted


def test_without_a_process_there_is_nothing_to_do():
    assert run() == "no process is up\n"
