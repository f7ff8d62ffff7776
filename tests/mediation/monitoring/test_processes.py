import os
import socket
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from mediation.models import PortStatus, ServingProcess
from mediation.monitoring.processes import Reporter, ask_for_reset, live_generations
from mediation.monitoring.status import PortState, Status

pytestmark = pytest.mark.django_db

OPEN = PortState("test", "ws", 9091, "", 3)
FAULTY = PortState("other", "ws", 9092, "port 9092 is in use by process 1 (init)", 0)
STATUS = Status(socket.gethostname(), os.getpid(), timezone.now(), 7, False, (OPEN, FAULTY))
NAME = f"{STATUS.host}:{STATUS.pid}"


def another_process(**values) -> ServingProcess:
    values = {"host": "elsewhere", "pid": 1, "generation": 5, "heartbeat": timezone.now()} | values
    return ServingProcess.objects.create(started=timezone.now(), **values)


def test_a_process_tells_of_itself_and_its_ports():
    Reporter().report(STATUS)

    [process] = ServingProcess.objects.all()
    assert (str(process), process.generation, process.state) == (NAME, 7, "serving")
    ports = PortStatus.objects.values_list("artifact", "port", "state", "reason", "connections")
    assert list(ports) == [("test", 9091, "open", "", 3), ("other", 9092, "faulty", FAULTY.reason, 0)]


def test_the_trouble_of_an_open_port_is_told_as_its_reason():
    troubled = replace(OPEN, trouble="the certificate is an old one")
    Reporter().report(replace(STATUS, ports=(troubled,)))

    assert PortStatus.objects.values_list("state", "reason").get() == ("open", "the certificate is an old one")


def test_only_what_changed_is_written(django_assert_num_queries):
    reporter = Reporter()
    reporter.report(STATUS)

    with django_assert_num_queries(0):
        reporter.report(STATUS)
    reporter.report(replace(STATUS, generation=8, draining=True))

    [process] = ServingProcess.objects.all()
    assert (process.generation, process.state) == (8, "draining")
    assert process.ports.count() == 2


def test_a_heartbeat_is_written_when_it_is_due():
    reporter = Reporter()
    reporter.report(STATUS)
    reporter._row.heartbeat -= timedelta(seconds=6)
    ServingProcess.objects.update(heartbeat=reporter._row.heartbeat)

    reporter.report(STATUS)

    assert timezone.now() - ServingProcess.objects.get().heartbeat < timedelta(seconds=5)


def test_a_row_that_was_deleted_comes_back():
    reporter = Reporter()
    reporter.report(STATUS)
    ServingProcess.objects.all().delete()

    reporter.report(replace(STATUS, generation=8))

    assert live_generations() == {NAME: 8}


def test_a_process_that_stops_takes_its_rows_along():
    reporter = Reporter()
    reporter.report(STATUS)
    reporter.withdraw()

    assert not ServingProcess.objects.exists()
    assert not PortStatus.objects.exists()


def test_live_are_those_with_a_fresh_heartbeat():
    another_process()
    another_process(pid=2, heartbeat=timezone.now() - timedelta(minutes=1))

    assert live_generations() == {"elsewhere:1": 5}


def test_a_process_of_this_host_that_was_killed_is_not_live():
    another_process(host=socket.gethostname(), pid=2**22 + 1)  # above the largest pid of Linux

    assert live_generations() == {}


def test_a_process_that_starts_clears_up_after_those_that_were_killed():
    another_process(heartbeat=timezone.now() - timedelta(days=1))

    Reporter().report(STATUS)

    assert [str(row) for row in ServingProcess.objects.all()] == [NAME]


def test_a_reset_is_asked_of_all_live_processes_and_taken_once():
    reporter = Reporter()
    reporter.report(STATUS)
    another_process(heartbeat=timezone.now() - timedelta(days=1))

    assert ask_for_reset() == [NAME]
    assert reporter.take_reset()
    assert not reporter.take_reset()
