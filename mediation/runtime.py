"""What is alive in this process: the current configuration, the clients and the shared back-end connections."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mediation.options import Options
from mediation.shared_backends import SharedBackends
from mediation.transports.websocket import Limits

if TYPE_CHECKING:
    from mediation.environment import Environment
    from mediation.session import Session


class Subscribers:
    """The connected WebSocket clients, by inbound endpoint and path. Used on the event loop only."""

    def __init__(self) -> None:
        # A dict for its order: broadcasts reach clients in the order in which they came.
        self._sessions: dict[tuple[str, str], dict[Session, None]] = {}

    def add(self, session: Session) -> None:
        self._sessions.setdefault((session.inbound_name, session.path), {})[session] = None

    def discard(self, session: Session) -> None:
        key = (session.inbound_name, session.path)
        sessions = self._sessions.get(key)
        if sessions is not None:
            sessions.pop(session, None)
            if not sessions:
                del self._sessions[key]

    def on_path(self, inbound_name: str, path: str) -> list[Session]:
        """A list of its own, so that clients may come and go while it is used."""
        return list(self._sessions.get((inbound_name, path), ()))

    def __iter__(self) -> Iterator[Session]:
        return iter([session for sessions in self._sessions.values() for session in sessions])

    def __len__(self) -> int:
        return sum(map(len, self._sessions.values()))


class Runtime:
    """
    The running state of one process; the server makes it, consumers and views are given it.

    Attributes:
        environment: the configuration that new messages see. The server replaces it in one assignment.
        options: what the deployment has set.
        sessions: every session that still has something to do, connected or not.
        draining: no new client is accepted any more.
    """

    def __init__(self, environment: Environment, options: Options | None = None) -> None:
        self.environment = environment
        self.options = options or Options()
        self.backend_limits = Limits(max_message=self.options.max_message_bytes)
        self.subscribers = Subscribers()
        self.sessions: set[Session] = set()
        self.shared_backends = SharedBackends(self)
        self.draining = False
