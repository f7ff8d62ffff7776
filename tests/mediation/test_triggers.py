"""When scheduled work is due."""

from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from mediation import triggers
from mediation.triggers import ONCE, Cron, Interval


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_an_interval_fires_at_once_and_then_every_so_often():
    clock = Clock()
    waits = Interval(5).waits(clock)
    assert next(waits) == 0
    assert next(waits) == 5
    clock.now += 5
    assert next(waits) == 5


def test_the_time_that_the_work_takes_does_not_shift_the_next_firing():
    clock = Clock()
    waits = Interval(5).waits(clock)
    next(waits)
    clock.now += 1.5
    assert next(waits) == 3.5


def test_firings_that_were_missed_are_left_out_and_the_phase_stays():
    clock = Clock()
    waits = Interval(5).waits(clock)
    next(waits)
    clock.now += 12  # those at 5 and 10 were missed: one comes now, and the next at 15
    assert next(waits) == 0
    assert next(waits) == 3


@pytest.mark.parametrize(("trigger", "firings"), [(Interval(1, 3), 3), (ONCE, 1), (Interval(0, 2), 2)])
def test_a_count_ends_it(trigger, firings):
    assert len(list(trigger.waits(Clock()))) == firings


@pytest.mark.parametrize(
    ("expression", "following"),
    [
        ("0/5 * * * * ?", ["10:00:05", "10:00:10"]),
        ("30 * * * * ?", ["10:00:30", "10:01:30"]),
        ("0 0/15 * * * ?", ["10:15:00", "10:30:00"]),
        ("0 15 10 ? * *", ["22 10:15:00", "23 10:15:00"]),
        ("0 15 10 ? * MON-FRI", ["23 10:15:00", "24 10:15:00"]),
        ("0 15 10 ? * 2-6", ["23 10:15:00", "24 10:15:00"]),
        ("0 0 12 ? * 1", ["22 12:00:00", "29 12:00:00"]),
        ("0 0 12 ? * 6L", ["27 12:00:00", "25 12:00:00"]),
        ("0 0 12 ? * 6#3", ["18 12:00:00", "15 12:00:00"]),
        ("0 0 12 L * ?", ["30 12:00:00", "31 12:00:00"]),
        ("0 0 12 1/5 * ?", ["26 12:00:00", "01 12:00:00"]),
        ("0 0 12 ? * 7", ["28 12:00:00", "05 12:00:00"]),
        ("0 0 12 ? * MON,WED", ["23 12:00:00", "25 12:00:00"]),
        ("0 0 0 1 1 ? 2027", ["01 00:00:00"]),
    ],
)
def test_quartz_expressions(monkeypatch, expression, following):
    now = datetime(2026, 11, 22, 10, 0, 1, tzinfo=ZoneInfo("UTC"))  # a Sunday
    monkeypatch.setattr(triggers.timezone, "localtime", lambda: now)

    dates = []
    for wait in islice(Cron.parse(expression).waits(), 2):
        dates.append(now := datetime.fromtimestamp(now.timestamp() + wait, tz=ZoneInfo("UTC")))

    assert [f"{date:%d %H:%M:%S}"[-len(text) :] for date, text in zip(dates, following, strict=True)] == following


@pytest.mark.parametrize("expression", ["* * * * *", "", "61 * * * * ?", "0 0 12 ? * BAD", "a b c d e f g h"])
def test_what_is_no_quartz_expression(expression):
    with pytest.raises(ValueError, match=r"^(has not six fields|is not a Quartz expression)"):
        Cron.parse(expression)
