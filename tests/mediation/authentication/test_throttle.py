"""How often somebody may be wrong."""

import pytest

from mediation.authentication import throttle
from mediation.authentication.throttle import Throttle, network


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_failures_are_given_back_with_time():
    clock = Clock()
    wrong = Throttle(3, clock)
    for _ in range(3):
        assert wrong.seconds("a") == 0
        wrong.failed("a")
    assert wrong.seconds("a") == 20
    assert wrong.seconds("b") == 0
    clock.now += 19
    assert wrong.seconds("a") == 1
    clock.now += 1
    assert wrong.seconds("a") == 0
    clock.now += 3600
    for _ in range(3):
        wrong.failed("a")
    assert wrong.seconds("a") == 20


def test_zero_is_any_number():
    wrong = Throttle(0)
    for _ in range(100):
        wrong.failed("a")
    assert wrong.seconds("a") == 0


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(throttle, "MOST", 10)
    wrong = Throttle(1, Clock())
    for number in range(100):
        wrong.failed(number)
    assert len(wrong._left) == 10
    assert (wrong.seconds(99) > 0, wrong.seconds(0)) == (True, 0)


@pytest.mark.parametrize(
    ("address", "whole"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("", ""),
        ("unix", "unix"),
    ],
)
def test_whoever_has_an_address_of_ipv6_has_its_network(address, whole):
    assert network(address) == whole
