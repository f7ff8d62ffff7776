"""How long an endpoint waits for its back-end, and what follows when that takes too long."""

from __future__ import annotations

import enum
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mediation.errors import SendTimeout
from mediation.expressions import Value
from mediation.properties import EXPIRED
from mediation.transports import DEFAULT_TIMEOUT

if TYPE_CHECKING:
    from mediation.message import MessageContext

logger = logging.getLogger(__name__)


class TimeoutAction(enum.StrEnum):
    """``<responseAction>``: what becomes of a message that is not answered in time."""

    NONE = "none"
    """It is dropped, and no fault sequence runs."""
    DISCARD = "discard"
    """The same, and the endpoint counts a failure."""
    FAULT = "fault"
    """The fault sequence runs."""


@dataclass(frozen=True, slots=True)
class Timeout:
    """
    ``<timeout>`` of an endpoint.

    Attributes:
        seconds: to wait.
        dynamic: milliseconds, computed for each message; at most :data:`DEFAULT_TIMEOUT` counts.
    """

    seconds: float = DEFAULT_TIMEOUT
    dynamic: Value | None = None
    action: TimeoutAction = TimeoutAction.NONE

    def of(self, ctx: MessageContext) -> float:
        """The seconds for this message; the default if the expression gives no number above zero."""
        if self.dynamic is None:
            return self.seconds
        try:
            seconds = float(self.dynamic.string(ctx) or 0) / 1000
        except ValueError:
            seconds = 0.0
        return min(seconds, DEFAULT_TIMEOUT) if seconds > 0 else DEFAULT_TIMEOUT


class _Dropped:
    """The fault handler of messages that are dropped: it only leaves a note for whoever waits for an answer."""

    def mediate(self, ctx: MessageContext) -> bool:
        ctx.operation[EXPIRED] = True
        return False


DROPPED: Final = _Dropped()


def expire(ctx: MessageContext, exc: SendTimeout, seconds: float, action: TimeoutAction, endpoint: str) -> None:
    """Say that a message has expired. What is not to be a fault is kept from fault sequences and other endpoints."""
    logger.warning(
        "Expiring message ID : %s; dropping message after ENDPOINT_TIMEOUT of : %g seconds for %s",
        ctx.message_id,
        seconds,
        endpoint,
    )
    if action is not TimeoutAction.FAULT:
        exc.can_go_elsewhere = False
        exc.handler = DROPPED
