"""What a process, its ports and its endpoints are doing, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PortState:
    """A port that the configuration asks for; ``artifact`` is empty for those of proxy services."""

    artifact: str
    protocol: str
    port: int
    reason: str
    """Why it is not open; empty when it is."""
    connections: int
    trouble: str = ""
    """What is wrong with it although it is open."""


@dataclass(frozen=True, slots=True)
class EndpointState:
    """An endpoint that is not active."""

    artifact: str
    """The name of the endpoint that is deployed."""
    endpoint: str
    """The name of the one in it that this is about."""
    address: str
    state: str
    retry_at: datetime | None


@dataclass(frozen=True, slots=True)
class Status:
    """One serving process."""

    host: str
    pid: int
    started: datetime
    generation: int
    draining: bool
    ports: tuple[PortState, ...]
    endpoints: tuple[EndpointState, ...] = ()
