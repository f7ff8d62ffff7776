"""What is to be said of the parameters of transport senders."""

from __future__ import annotations

from collections.abc import Mapping

from .http_parameters import http_remarks
from .websocket.parameters import websocket_remarks


def sender_remarks(scheme: str, texts: Mapping[str, str]) -> list[str]:
    """Wrong values, and names that mean nothing."""
    return websocket_remarks(texts) if scheme in ("ws", "wss") else http_remarks(texts)
