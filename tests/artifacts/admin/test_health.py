import os
import socket
from datetime import timedelta

import pytest
from django.utils import timezone

from artifacts.admin.health import Serving
from artifacts.models import InboundEndpoint
from artifacts.store import save_artifact
from mediation.models import PortStatus, ScheduledJob, ServingProcess

NS = 'xmlns="http://ws.apache.org/ns/synapse"'
DOOR = (
    f'<inboundEndpoint {NS} name="door" protocol="ws" sequence="main"><parameters>'
    '<parameter name="inbound.ws.port">9091</parameter></parameters></inboundEndpoint>'
)


@pytest.fixture
def door(db):
    return save_artifact(DOOR).row


def process(host=None, seconds_ago=0):
    then = timezone.now() - timedelta(seconds=seconds_ago)
    pid = os.getpid()
    return ServingProcess.objects.create(
        host=host or socket.gethostname(), pid=pid, generation=1, started=then, heartbeat=then
    )


def port(process, reason="", connections=0, state=None):
    state = state or (PortStatus.State.FAULTY if reason else PortStatus.State.OPEN)
    PortStatus.objects.create(
        process=process, artifact="door", protocol="ws", port=9091, state=state, reason=reason, connections=connections
    )


def told(row):
    health = Serving().health(row)
    return health.level, health.state, health.reason


def test_an_open_port_says_how_many_are_connected(door):
    port(process(), connections=3)

    assert told(door) == ("ok", "deployed", "open, 3 connected")


def test_connections_of_all_processes_are_counted(door):
    port(process(), connections=3)
    port(process("other.example"), connections=4)

    assert told(door) == ("ok", "deployed", "open in 2 processes, 7 connected")


def test_a_port_that_could_not_be_opened_makes_the_endpoint_faulty(door):
    port(process(), reason="Address already in use")

    assert told(door) == ("error", "faulty", "port 9091 is not open: Address already in use")


def test_a_port_that_one_process_could_not_open_says_in_how_many(door):
    port(process(), reason="Address already in use")
    port(process("other.example"))

    assert told(door) == ("error", "faulty", "port 9091 is not open in 1 of 2 processes: Address already in use")


def test_an_open_port_tells_its_trouble(door):
    port(process(), reason="the certificate is an old one", connections=3, state=PortStatus.State.OPEN)

    assert told(door) == ("warning", "deployed", "open, 3 connected; the certificate is an old one")


def test_what_a_dead_process_said_does_not_count(door):
    port(process(seconds_ago=3600), reason="Address already in use")

    assert told(door) == ("ok", "deployed", "no process is serving")


def test_an_endpoint_that_was_just_deployed_waits_for_its_port(door):
    process()

    assert told(door) == ("warning", "deployed", "its port is about to be opened")


def test_a_suspended_endpoint_has_no_port_to_look_at(db):
    row = save_artifact(DOOR.replace('name="door"', 'name="door" suspend="true"')).row

    assert isinstance(row, InboundEndpoint)
    assert told(row) == ("off", "suspended", "")


@pytest.mark.parametrize(
    ("state", "health"),
    [
        ({"active": False, "reason": "refused"}, ("warning", "deactivated", "refused")),
        ({"reason": "refused"}, ("warning", "deployed", "failed last: refused")),
        ({"holder": "h:12:abc"}, ("ok", "deployed", "works in h:12")),
    ],
)
def test_a_task_tells_how_it_works(db, state, health):
    row = save_artifact(f'<task {NS} name="T"><trigger interval="5"/></task>').row
    ScheduledJob.objects.create(kind="task", name="T", **state)
    assert told(row) == health
