"""What has been used of a quota is forgotten when its time is over."""

from __future__ import annotations

from mediation.throttling import MAX_CALLERS, Policy, Quota, Rule, Throttle


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def throttle(clock: Clock, quota: Quota) -> Throttle:
    return Throttle(Policy(None, (Rule("IP", "other", quota),)), clock)


def test_a_unit_of_time_begins_with_a_message_and_ends() -> None:
    clock = Clock()
    found = throttle(clock, Quota(2, 10))
    assert [found.allows("a", "a") for _ in range(3)] == [True, True, False]
    clock.now += 9.9
    assert found.allows("a", "a") is False
    clock.now += 0.2
    assert [found.allows("a", "a") for _ in range(3)] == [True, True, False]


def test_who_has_exceeded_its_quota_is_refused_for_the_prohibited_time() -> None:
    clock = Clock()
    found = throttle(clock, Quota(1, 10, 30))
    assert [found.allows("a", "a") for _ in range(2)] == [True, False]
    clock.now += 29
    assert found.allows("a", "a") is False
    clock.now += 2
    assert found.allows("a", "a") is True


def test_callers_are_known_in_a_bounded_number() -> None:
    found = throttle(Clock(), Quota(1, 10))
    for number in range(MAX_CALLERS + 5):
        found.allows(str(number), "h")
    assert len(found._callers) == MAX_CALLERS
