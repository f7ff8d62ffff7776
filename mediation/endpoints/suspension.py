"""
When an endpoint that failed may be tried again.

States and rules are the originals' (``docs/compatibility.md``, suspension of endpoints)::

    ACTIVE --code in markForSuspension--> TIMEOUT --no retries left--> SUSPENDED
    ACTIVE --code in suspendOnFailure---> SUSPENDED --success--> ACTIVE
"""

from __future__ import annotations

import enum
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

logger = logging.getLogger(__name__)

DEFAULT_SUSPENSION: Final = 30.0
"""Seconds of suspension when the endpoint gives no initial duration."""

TIMEOUT_CODES: Final = frozenset({101504, 101505})
"""Error codes that mark an endpoint for suspension when it names none."""


class State(enum.StrEnum):
    """What an endpoint does with the next message."""

    ACTIVE = "active"
    TIMEOUT = "timeout"
    SUSPENDED = "suspended"


ACTIVE: Final = State.ACTIVE
"""For the way of every message: looking a member up in its class takes longer than the rest of the question."""


@dataclass(frozen=True, slots=True)
class SuspensionPolicy:
    """
    ``<markForSuspension>`` and ``<suspendOnFailure>`` of one endpoint; durations in seconds.

    Attributes:
        declared: whether the endpoint says anything about suspension at all.
        suspend_codes: error codes that suspend at once; empty means every error.
    """

    declared: bool = False
    mark_codes: frozenset[int] = TIMEOUT_CODES
    retries: int = 0
    retry_delay: float = 0.0
    suspend_codes: frozenset[int] = frozenset()
    initial: float | None = None
    factor: float = 1.0
    maximum: float | None = None


class Suspension:
    """
    The state of one endpoint, shared by all messages of the process; used on the event loop only.

    Args:
        description: for log lines, such as ``Endpoint : stock with address http://...``.
        clock: monotonic seconds.
    """

    __slots__ = ("_clock", "_description", "_duration", "_policy", "_retries_left", "_retry_at", "state")

    def __init__(self, policy: SuspensionPolicy, description: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._policy = policy
        self._description = description
        self._clock = clock
        self.state = State.ACTIVE
        self.reset()

    def reset(self) -> None:
        """Make the endpoint active, as if it had never failed."""
        self.state = State.ACTIVE
        self._retries_left: int | None = None
        self._duration: float | None = None
        self._retry_at = 0.0

    def is_ready(self) -> bool:
        return self.state is State.ACTIVE or self._clock() >= self._retry_at

    def succeeded(self) -> None:
        if self.state is not State.ACTIVE:
            logger.info(
                "%s currently %s will now be marked active since it processed its last message",
                self._description,
                self.state.name,
            )
            self.reset()

    def failed(self, code: int | str) -> None:
        """A message failed with this error code."""
        if code in self._policy.mark_codes:
            self._mark()
        elif not self._policy.suspend_codes or code in self._policy.suspend_codes:
            self._suspend()

    def _mark(self) -> None:
        left = self._policy.retries if self._retries_left is None else self._retries_left
        if left <= 0:
            self._suspend()
            return
        self._retries_left = left - 1
        self.state = State.TIMEOUT
        self._retry_at = self._clock() + self._policy.retry_delay
        logger.warning(
            "%s is marked as TIMEOUT and will be retried : %d more time/s after : %s "
            "until its marked SUSPENDED for failure",
            self._description,
            left,
            _wall_clock(self._policy.retry_delay),
        )

    def _suspend(self) -> None:
        policy = self._policy
        initial = DEFAULT_SUSPENSION if policy.initial is None else policy.initial
        duration = initial if self._duration is None else self._duration * policy.factor
        if policy.maximum is not None:
            duration = min(duration, policy.maximum)
        self.state = State.SUSPENDED
        self._duration = duration
        self._retry_at = self._clock() + duration
        logger.warning(
            "Suspending %s - current suspend duration is : %dms - Next retry after : %s",
            self._description,
            duration * 1000,
            _wall_clock(duration),
        )


def _wall_clock(seconds: float) -> str:
    return datetime.fromtimestamp(time.time() + seconds).astimezone().strftime("%a %b %d %H:%M:%S %Z %Y")
