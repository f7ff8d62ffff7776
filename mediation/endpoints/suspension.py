"""
When an endpoint that failed may be tried again.

States and rules are the originals' (``docs/compatibility.md``, suspension of endpoints)::

    ACTIVE --code in markForSuspension--> TIMEOUT --no retries left--> SUSPENDED
    ACTIVE --code in suspendOnFailure---> SUSPENDED --success--> ACTIVE

and OFF, where a person puts an endpoint and takes it from.
"""

from __future__ import annotations

import enum
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from mediation.expressions import Value

if TYPE_CHECKING:
    from mediation.message import MessageContext

logger = logging.getLogger(__name__)

DEFAULT_SUSPENSION: Final = 30.0
"""Seconds of suspension when the endpoint gives no initial duration."""

TIMEOUT_CODES: Final = frozenset({101504, 101505})
"""Error codes that mark an endpoint for suspension when it names none."""


_END_OF_TIME: Final = datetime(9999, 1, 1).timestamp()


class State(enum.StrEnum):
    """What an endpoint does with the next message."""

    ACTIVE = "active"
    TIMEOUT = "timeout"
    SUSPENDED = "suspended"
    OFF = "off"


ACTIVE: Final = State.ACTIVE
"""For the way of every message: looking a member up in its class takes longer than the rest of the question."""


@dataclass(frozen=True, slots=True)
class SuspensionPolicy:
    """
    ``<markForSuspension>`` and ``<suspendOnFailure>`` of one endpoint; durations in seconds.

    Attributes:
        declared: whether the endpoint says anything about suspension at all.
        suspend_codes: error codes that suspend at once; empty means every error.
        initial: ``None`` or less than zero: :data:`DEFAULT_SUSPENSION`.
    """

    declared: bool = False
    mark_codes: frozenset[int] = TIMEOUT_CODES
    retries: int = 0
    retry_delay: float = 0.0
    suspend_codes: frozenset[int] = frozenset()
    initial: float | None = None
    factor: float = 1.0
    maximum: float | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """
    The policy of one endpoint, as it is configured.

    Attributes:
        dynamic: fields of ``static`` that an expression gives, each with what its number is divided by.
    """

    static: SuspensionPolicy = SuspensionPolicy()
    dynamic: Mapping[str, tuple[Value, float]] = field(default_factory=dict)

    @property
    def declared(self) -> bool:
        return self.static.declared

    def of(self, ctx: MessageContext) -> SuspensionPolicy:
        """The policy for a message that failed; what its expressions give no number for stays as if it were missing."""
        if not self.dynamic:
            return self.static
        values: dict[str, Any] = {}
        for name, (value, divisor) in self.dynamic.items():
            try:
                values[name] = float(value.string(ctx) or "") / divisor
            except ValueError:
                logger.warning("%s gives no number; it is as if it were not there", value.source)
        return replace(self.static, **values)


class Suspension:
    """
    The state of one endpoint, shared by all messages of the process; used on the event loop only.

    Args:
        description: for log lines, such as ``stock with address http://...``.
        clock: monotonic seconds.

    Attributes:
        retry_time: when the endpoint is tried again, in seconds since 1970; ``None`` unless it waits for that.
    """

    __slots__ = ("_clock", "_description", "_duration", "_retries_left", "_retry_at", "retry_time", "state")

    def __init__(self, description: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._description = description
        self._clock = clock
        self.activate()

    def activate(self) -> None:
        """Make the endpoint active, as if it had never failed."""
        self.state = State.ACTIVE
        self._retries_left: float | None = None
        self._duration: float | None = None
        self._retry_at = 0.0
        self.retry_time: float | None = None

    def switch_off(self) -> None:
        """Let no message through until somebody activates the endpoint."""
        self.state = State.OFF
        self.retry_time = None

    def is_ready(self) -> bool:
        return self.state is State.ACTIVE or (self.state is not State.OFF and self._clock() >= self._retry_at)

    def succeeded(self) -> None:
        if self.state not in (State.ACTIVE, State.OFF):
            logger.info(
                "Endpoint : %s currently %s will now be marked active since it processed its last message",
                self._description,
                self.state.name,
            )
            self.activate()

    def failed(self, code: int | str, policy: SuspensionPolicy) -> None:
        """A message failed with this error code."""
        if self.state is State.OFF:
            return
        if code in policy.mark_codes:
            self._mark(policy)
        elif not policy.suspend_codes or code in policy.suspend_codes:
            self._suspend(policy)

    def _mark(self, policy: SuspensionPolicy) -> None:
        left = policy.retries if self._retries_left is None else self._retries_left
        if left <= 0:
            self._suspend(policy)
            return
        self._retries_left = left - 1
        self.state = State.TIMEOUT
        self._retry_after(policy.retry_delay)
        logger.warning(
            "Endpoint : %s is marked as TIMEOUT and will be retried : %d more time/s after : %s "
            "until its marked SUSPENDED for failure",
            self._description,
            left,
            self._retry_text(),
        )

    def _suspend(self, policy: SuspensionPolicy) -> None:
        last = self._duration
        if last is None:
            duration = DEFAULT_SUSPENSION if policy.initial is None or policy.initial < 0 else policy.initial
        else:
            duration = last * policy.factor
        if policy.maximum is not None:
            duration = min(duration, policy.maximum)
        self.state = State.SUSPENDED
        self._duration = duration
        self._retry_after(duration)
        logger.warning("Endpoint : %s will be marked SUSPENDED as it failed", self._description)
        logger.warning(
            "Suspending endpoint : %s - %scurrent suspend duration is : %dms - Next retry after : %s",
            self._description,
            "" if last is None else f"last suspend duration was : {last * 1000:.0f}ms and ",
            duration * 1000,
            self._retry_text(),
        )

    def _retry_after(self, seconds: float) -> None:
        self._retry_at = self._clock() + seconds
        # A duration may be longer than the calendar.
        self.retry_time = min(time.time() + seconds, _END_OF_TIME)

    def _retry_text(self) -> str:
        assert self.retry_time is not None, "somebody has just been told to wait"
        return datetime.fromtimestamp(self.retry_time).astimezone().strftime("%a %b %d %H:%M:%S %Z %Y")
