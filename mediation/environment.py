"""
The questions that the engine asks, and nobody's answers.

The engine knows no database: whoever embeds it hands it an :class:`Environment` (artifacts by name). Where a message
came
from is a :class:`Client`: a WebSocket session or an HTTP exchange.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from mediation.endpoints import Endpoint
    from mediation.headers import Headers
    from mediation.identity import Credential, Identity
    from mediation.inbound_endpoint import InboundEndpoint
    from mediation.local_entry import LocalEntry
    from mediation.mediators.sequence import SequenceMediator
    from mediation.message import MessageContext
    from mediation.proxy_service import ProxyService
    from mediation.transports.websocket.pool import BackendPool


class Environment(Protocol):
    """
    One immutable state of the configuration.

    A message keeps the environment that it started with until it is finished, so each message sees exactly one
    version of every artifact. References are late bound: a name is looked up when a message needs it, and ``None``
    means *not deployed*.
    """

    @property
    def generation(self) -> int:
        """Rises with every change of the configuration."""

    def sequence(self, name: str) -> SequenceMediator | None:
        """The named sequence; ``main`` and ``fault`` always exist (see :mod:`mediation.defaults`)."""

    def endpoint(self, name: str) -> Endpoint | None: ...

    def local_entry(self, key: str) -> LocalEntry | None:
        """The local entry, else the registry's resource with that key (``conf:/...``, ``gov:/...``, a plain path)."""

    def proxy_service(self, name: str) -> ProxyService | None: ...

    def inbound_endpoint(self, name: str) -> InboundEndpoint | None: ...

    def inbound_endpoints(self) -> Mapping[str, InboundEndpoint]:
        """All that are deployed, suspended ones too."""

    def deployed(self, kind: str) -> Mapping[str, Any]:
        """
        Every artifact of a kind that serves, by name, in the order in which they were stored.

        Args:
            kind: the element's name, such as ``template``, ``api``, ``task``, ``messageStore`` or ``messageProcessor``.
        """

    def transport_parameters(self, scheme: str) -> Mapping[str, str]:
        """The transport sender's parameters for ``ws``, ``wss``, ``http`` or ``https``; empty if there are none."""


class Authenticator(Protocol):
    """
    Knows users, their logins and their tokens.

    Its methods may block: they are called in threads, several at a time. What is wrong is an answer; an exception means
    that there is none.
    """

    def identify(self, credential: Credential) -> Identity | None:
        """
        Who has shown this; ``None`` if it is wrong, has ended or belongs to somebody who may not log in.

        Raises:
            AuthenticationUnavailable: the users are out of reach.
        """

    def renew(self, identities: Collection[Identity]) -> Mapping[Identity, Identity | None]:
        """
        What has become of these since: each as it is now, or ``None`` if its credential would not be taken any more.

        Args:
            identities: some that :meth:`identify` has given, in this process.

        Raises:
            AuthenticationUnavailable: the users are out of reach.
        """


class Client(Protocol):
    """Who sent a message, and gets its reply. Lives as long as the connection or request that it stands for."""

    name: str
    """For log lines: what the message entered through, such as ``proxy:StockQuote``."""

    backends: BackendPool
    """The WebSocket back-end connections that this client's messages use."""

    handshake_headers: Headers | None
    """Of the WebSocket handshake that began the conversation; ``None`` where each message has its own."""

    def reply(self, ctx: MessageContext) -> None:
        """Send ``ctx`` to the client, or to all clients that a broadcast level names. Queues or writes, never waits."""

    def handed_over(self, ctx: MessageContext) -> None:
        """A ``<send>`` has passed ``ctx`` on; an HTTP client that only waits for a 202 can have it now."""

    def response_received(self, response: MessageContext, receive: str | None) -> None:
        """
        Queue the response leg of a ``<send>``; it runs when the request leg has ended.

        Args:
            response: the back-end's answer, made by :meth:`MessageContext.response`.
            receive: the sequence that ``<send receive="...">`` named.
        """
