"""The list of endpoints: what processes say of them, and switching them."""

import os
import socket

import pytest
from django.utils import timezone

from artifacts.admin.health import Serving
from mediation.models import EndpointStatus, EndpointSwitch, ServingProcess

from .conftest import messages

URL = "/admin/artifacts/endpoint/"


def status(state, host=None, **values):
    now = timezone.now()
    process, _ = ServingProcess.objects.get_or_create(
        host=host or socket.gethostname(), pid=os.getpid(), defaults={"generation": 1, "started": now, "heartbeat": now}
    )
    values = {"endpoint": "backend", "address": "ws://user:secret@localhost:8082/"} | values
    return EndpointStatus.objects.create(process=process, artifact="backend", state=state, **values)


def told(rows):
    health = Serving().health(rows["endpoint"])
    return health.level, health.state, health.reason


def test_an_endpoint_of_which_nobody_complains_is_deployed(rows):
    assert told(rows) == ("ok", "deployed", "")


def test_a_suspended_one_says_when_it_is_tried_again_and_no_password(rows):
    at = timezone.now()
    status("suspended", retry_at=at)
    when = f"{timezone.localtime(at):%H:%M:%S}"
    assert told(rows) == ("warning", "suspended", f"ws://user:••••@localhost:8082/ is suspended, next try {when}")


def test_the_gravest_state_of_all_processes_is_told_first(rows):
    status("suspended")
    other = status("off", host="other.example")
    level, state, reason = told(rows)
    assert (level, state) == ("off", "switched off")
    assert f"is off in {other.process}" in reason


@pytest.mark.parametrize(
    ("action", "off", "word"), [("switch_off", True, "Switched off"), ("activate", False, "Activated")]
)
def test_rows_of_the_list_are_switched(editor, rows, action, off, word):
    response = editor.post(URL, {"action": action, "_selected_action": [rows["endpoint"].pk]}, follow=True)
    assert EndpointSwitch.objects.values_list("name", "off").get() == ("backend", off)
    assert messages(response) == [f"{word} in every serving process: backend"]


def test_who_may_only_look_may_not_switch(viewer, rows):
    viewer.post(URL, {"action": "switch_off", "_selected_action": [rows["endpoint"].pk]})
    assert not EndpointSwitch.objects.exists()
