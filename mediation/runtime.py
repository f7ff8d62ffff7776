"""What is alive in this process: the current configuration, the clients and the shared back-end connections."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mediation.api import ApiTable, Cors
from mediation.authentication import Gate
from mediation.client_counts import ClientCounts
from mediation.limit_parameters import server_limits
from mediation.options import Options
from mediation.shared_backends import SharedBackends
from mediation.transports.http import HTTP

if TYPE_CHECKING:
    from mediation.broadcasts import Broadcasts
    from mediation.environment import Authenticator, Environment
    from mediation.session import Session
    from mediation.transports.websocket import Frame


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

    def broadcast(self, inbound_name: str, path: str, frame: Frame) -> None:
        """Write a frame to all clients on the path."""
        for session in self.on_path(inbound_name, path):
            session.broadcast(frame)

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
        limits: of connections for which nothing else is said.
        clients: how many there are.
        sessions: every session that still has something to do, connected or not.
        gate: asks clients who they are, where an endpoint wants to know.
        draining: no new client is accepted any more.
        broadcasts: to the clients of other processes, if there may be some.
    """

    def __init__(
        self, environment: Environment, options: Options | None = None, authenticator: Authenticator | None = None
    ) -> None:
        self.environment = environment
        self.options = options or Options()
        self.limits = server_limits(self.options)
        self.clients = ClientCounts(self.options)
        self.subscribers = Subscribers()
        self.sessions: set[Session] = set()
        self.shared_backends = SharedBackends(self)
        self.gate = Gate(
            authenticator,
            trust_seconds=self.options.auth_trust_seconds,
            failures_per_minute=self.options.auth_failures_per_minute,
            fetch=HTTP.fetch,
        )
        self.draining = False
        self.broadcasts: Broadcasts | None = None
        self._apis: tuple[Environment, ApiTable] | None = None

    def apis(self) -> ApiTable:
        """The APIs of the current configuration, sorted when they are first asked for."""
        environment = self.environment
        if self._apis is None or self._apis[0] is not environment:
            self._apis = environment, ApiTable(environment, Cors(self.options.cors_origins, self.options.cors_headers))
        return self._apis[1]
