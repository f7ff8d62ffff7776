"""When an endpoint that failed may be tried again."""

import pytest

from mediation.endpoints.suspension import State, Suspension, SuspensionPolicy


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


class Endpoint(Suspension):
    """The state of an endpoint that has this policy."""

    def __init__(self, policy, clock):
        super().__init__("x with address http://x", clock)
        self.policy = policy

    def failed(self, code):
        super().failed(code, self.policy)


def suspension(clock, **policy):
    return Endpoint(SuspensionPolicy(**policy), clock)


def test_without_settings_any_failure_suspends_for_thirty_seconds(clock):
    endpoint = suspension(clock)
    endpoint.failed(101503)
    assert (endpoint.state, endpoint.is_ready()) == (State.SUSPENDED, False)
    clock.now += 29.9
    assert not endpoint.is_ready()
    clock.now += 0.2
    assert endpoint.is_ready()
    endpoint.succeeded()
    assert endpoint.state is State.ACTIVE


def test_the_duration_grows_by_the_factor_up_to_the_maximum(clock, caplog):
    endpoint = suspension(clock, initial=1.0, factor=3.0, maximum=5.0)
    waits = []
    for _ in range(4):
        endpoint.failed(101503)
        start = clock.now
        while not endpoint.is_ready():
            clock.now += 0.5
        waits.append(clock.now - start)
    assert waits == [1.0, 3.0, 5.0, 5.0]
    assert "current suspend duration is : 1000ms" in caplog.text


def test_a_success_starts_the_durations_anew(clock):
    endpoint = suspension(clock, initial=1.0, factor=10.0)
    endpoint.failed(0)
    clock.now += 1
    endpoint.succeeded()
    endpoint.failed(0)
    clock.now += 1
    assert endpoint.is_ready()


def test_timeouts_are_retried_before_they_suspend(clock):
    endpoint = suspension(clock, retries=2, retry_delay=4.0, initial=60.0)
    states = []
    for _ in range(3):
        endpoint.failed(101504)
        states.append(endpoint.state)
        clock.now += 4
    assert states == [State.TIMEOUT, State.TIMEOUT, State.SUSPENDED]
    assert not endpoint.is_ready()


def test_only_the_named_codes_suspend(clock):
    endpoint = suspension(clock, mark_codes=frozenset({-1}), suspend_codes=frozenset({-1}))
    for code in (0, 101503, 101504):
        endpoint.failed(code)
    assert endpoint.state is State.ACTIVE


def test_zero_duration_is_ready_at_once(clock):
    endpoint = suspension(clock, initial=0.0)
    endpoint.failed(101503)
    assert endpoint.is_ready()


def test_an_endpoint_that_is_off_stays_off_until_it_is_activated(clock):
    endpoint = suspension(clock, initial=0.0)
    endpoint.switch_off()
    endpoint.failed(101503)
    endpoint.succeeded()
    clock.now += 1000
    assert (endpoint.state, endpoint.is_ready()) == (State.OFF, False)
    endpoint.activate()
    assert endpoint.is_ready()


def test_the_log_tells_the_last_duration_and_the_next(clock, caplog):
    endpoint = suspension(clock, initial=1.0, factor=2.0)
    endpoint.failed(101503)
    endpoint.failed(101503)
    assert "Endpoint : x with address http://x will be marked SUSPENDED as it failed" in caplog.messages
    assert "Suspending endpoint : x with address http://x - last suspend duration was : 1000ms and " in caplog.text
    assert " and current suspend duration is : 2000ms - Next retry after : " in caplog.text
