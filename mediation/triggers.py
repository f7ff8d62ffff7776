"""When scheduled work is due: every so often, at times of the calendar, or once."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from croniter import CroniterError, croniter
from django.utils import timezone


class Trigger(Protocol):
    """When something is due. Shared; each use has its own iterator."""

    def waits(self, clock: Callable[[], float] = time.monotonic) -> Iterator[float]:
        """
        Seconds from now to each firing, asked for one after the other; ends when there is none any more.

        The phase is kept whatever the work takes: firings that were missed meanwhile are left out, not made up for.
        """


@dataclass(frozen=True, slots=True)
class Interval:
    """
    At once, and then every so many seconds.

    Attributes:
        seconds: from one firing to the next.
        count: how many there are; ``None`` for any number.
    """

    seconds: float
    count: int | None = None

    def waits(self, clock: Callable[[], float] = time.monotonic) -> Iterator[float]:
        due = clock()
        fired = 0
        while self.count is None or fired < self.count:
            late = clock() - due
            if self.seconds > 0 and late >= self.seconds:
                due += late // self.seconds * self.seconds
            yield max(0.0, due - clock())
            fired += 1
            due += self.seconds


ONCE: Final = Interval(0, 1)


@dataclass(frozen=True, slots=True)
class Cron:
    """
    At the times of a Quartz expression, in the time zone of the server (``TIME_ZONE``).

    Attributes:
        expression: as it was written; its form here is :attr:`_fields`.
    """

    expression: str
    _fields: str

    @classmethod
    def parse(cls, text: str) -> Cron:
        """
        Raises:
            ValueError: it completes the sentence ``cron "text" ...``.
        """
        fields = text.split()
        if len(fields) not in (6, 7):
            raise ValueError("has not six fields (seconds to day of week), or seven with the year")
        converted = [_common(field, most) for field, most in zip(fields, _MOST, strict=False)]
        converted[_MONTH] = fields[_MONTH].replace("?", "*")
        converted[_WEEKDAY] = _weekday(fields[_WEEKDAY])
        expression = " ".join(converted)
        if not croniter.is_valid(expression, second_at_beginning=True):
            raise ValueError("is not a Quartz expression")
        return cls(text, expression)

    def waits(self, clock: Callable[[], float] = time.monotonic) -> Iterator[float]:
        last = timezone.localtime()
        while True:
            # From the firing before, not from now: the clock may be a little early.
            last = max(last, timezone.localtime())
            try:
                following: datetime = croniter(self._fields, last, second_at_beginning=True).get_next(datetime)
            except CroniterError:
                return  # the years have gone
            yield max(0.0, (following - timezone.localtime()).total_seconds())
            last = following

    def __str__(self) -> str:
        return self.expression


_MOST: Final = (59, 59, 23, 31, 12, 7, 2099)
_MONTH: Final = 4
_WEEKDAY: Final = 5


def _common(field: str, most: int) -> str:
    """``?`` means any, and ``5/10`` begins at 5 and goes on to the end."""
    return re.sub(r"(?<![\d-])(\d+)/(\d+)", rf"\1-{most}/\2", field.replace("?", "*"))


def _weekday(field: str) -> str:
    """Quartz counts days from 1 (Sunday), everybody else from 0; the last Friday is ``6L`` there and ``L5`` here."""
    if field.upper() == "L":
        return "6"
    field = re.sub(r"(?<![#/\d])(\d)(?!\d)", lambda found: str(int(found[1]) - 1), _common(field, 7))
    return re.sub(r"(\d)L", r"L\1", field, flags=re.IGNORECASE)
