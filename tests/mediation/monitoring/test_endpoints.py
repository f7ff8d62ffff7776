"""Which endpoints are told of, and what processes do when people want them on or off."""

import os
import socket
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.utils import timezone as django_timezone

from mediation.endpoints.suspension import SuspensionPolicy
from mediation.models import EndpointStatus
from mediation.monitoring.endpoints import SwitchReader, activate, states, switch_off
from mediation.monitoring.processes import Reporter
from mediation.monitoring.status import EndpointState, Status
from tests.mediation.support import DictEnvironment

STOCK = '<endpoint name="stock"><address uri="http://u:secret@stock/"/></endpoint>'
GROUP = """<endpoint name="group"><failover><endpoint name="first"><address uri="http://first/"/></endpoint>
    <endpoint key="stock"/></failover></endpoint>"""


@pytest.fixture
def environment():
    return DictEnvironment(STOCK, GROUP)


def suspend(environment, name):
    leaf = next(environment.endpoint(name).leaves())
    leaf.suspension.failed(101503, SuspensionPolicy(initial=60))
    return leaf.suspension


def test_those_that_are_not_active_are_told_of(environment):
    assert states(environment) == ()
    suspend(environment, "group")
    [state] = states(environment)
    assert (state.artifact, state.endpoint, state.address, state.state) == (
        "group",
        "first",
        "http://first/",
        "suspended",
    )
    assert 50 < (state.retry_at - datetime.now(UTC)).total_seconds() <= 60
    assert states(environment) == (state,), "the same until something happens"


@pytest.mark.django_db
def test_a_process_that_begins_obeys_a_switch_but_no_old_activation(environment):
    activate(["stock"])
    switch_off(["group"])
    suspension = suspend(environment, "stock")
    SwitchReader().read().fulfil(environment)
    assert suspension.state == "suspended"
    assert [state.state for state in states(environment)] == ["suspended", "off"]


@pytest.mark.django_db
def test_every_process_activates_once(environment):
    readers = [SwitchReader(), SwitchReader()]
    for reader in readers:
        reader.read()
    activate(["stock", "group"])
    for reader in readers:
        suspend(environment, "stock")
        reader.read().fulfil(environment)
        assert states(environment) == ()
        assert not reader.read()


@pytest.mark.django_db
def test_an_endpoint_is_switched_off_and_on(environment):
    reader = SwitchReader()
    switch_off(["stock", "not deployed"])
    reader.read().fulfil(environment)
    assert [(state.artifact, state.state, state.retry_at) for state in states(environment)] == [("stock", "off", None)]
    environment.deploy(STOCK)
    assert states(environment) == ()
    reader.read().fulfil(environment)
    assert len(states(environment)) == 1, "one that was deployed anew is off, too"
    activate(["stock"])
    reader.read().fulfil(environment)
    assert states(environment) == ()


@pytest.mark.django_db
def test_the_rows_of_a_process_follow_its_endpoints():
    status = Status(socket.gethostname(), os.getpid(), django_timezone.now(), 7, False, ())
    off = EndpointState("stock", "stock", "http://stock/", "off", None)
    reporter = Reporter()
    reporter.report(replace(status, endpoints=(off,)))
    assert EndpointStatus.objects.values_list("artifact", "state").get() == ("stock", "off")
    reporter.report(status)
    assert not EndpointStatus.objects.exists()


def test_no_password_is_told(environment):
    suspend(environment, "stock")
    assert [state.address for state in states(environment)] == ["http://stock/"]
