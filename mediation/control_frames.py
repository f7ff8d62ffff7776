"""
Pings, pongs and Close frames as messages.

With ``ws.pass.through.control.frames`` they run through the sequences of an inbound endpoint instead of being dealt
with where they come in (``docs/websocket.md``, control frames).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mediation.properties import (
    CLOSE_CLIENT,
    CLOSE_CODE,
    CLOSE_REASON,
    PING_FRAME,
    PING_FRAME_PRESENT,
    PONG_FRAME,
    PONG_FRAME_PRESENT,
    is_true,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mediation.message import MessageContext


@dataclass(frozen=True, slots=True)
class ControlFrame:
    """A Ping, or else a Pong."""

    is_ping: bool
    payload: bytes


def mark_control_frame(ctx: MessageContext, frame: ControlFrame) -> None:
    """Say which frame the message is: ``<send>`` looks into the axis2 scope, ``<respond/>`` into the default one."""
    present, value = (PING_FRAME_PRESENT, PING_FRAME) if frame.is_ping else (PONG_FRAME_PRESENT, PONG_FRAME)
    for properties in (ctx.properties, ctx.axis2):
        properties[present] = True
        properties[value] = frame.payload


def control_frame(properties: Mapping[str, Any]) -> ControlFrame | None:
    """The control frame that a message is, by the properties of one scope."""
    for present, value, is_ping in ((PING_FRAME_PRESENT, PING_FRAME, True), (PONG_FRAME_PRESENT, PONG_FRAME, False)):
        if is_true(properties.get(present)):
            payload = properties.get(value, b"")
            # 5.5. "All control frames MUST have a payload length of 125 bytes or less"
            return ControlFrame(is_ping, (payload if isinstance(payload, bytes) else str(payload).encode())[:125])
    return None


def mark_close(ctx: MessageContext, code: int, reason: str) -> None:
    """Say that a back-end has said Close, so that ``<respond/>`` says it to the client."""
    ctx.properties[CLOSE_CLIENT] = True
    for properties in (ctx.properties, ctx.axis2):
        properties[CLOSE_CODE] = code
        properties[CLOSE_REASON] = reason
