"""The messages of one WebSocket client's conversation: what each kind of event becomes, and what all have in common."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from mediation.message import MessageContext
from mediation.payloads import Payload
from mediation.payloads.builders import is_known
from mediation.properties import (
    API_CALLER,
    BINARY_FRAME,
    BINARY_FRAME_PRESENT,
    CLIENT_ID,
    CLOSE_CODE,
    CLOSE_REASON,
    CONNECTION_TERMINATE,
    INBOUND_ENDPOINT_NAME,
    IS_INBOUND,
    OUTFLOW_FAULT_SEQUENCE,
    OUTFLOW_SEQUENCE,
    PRESERVED_HEADERS,
    SOURCE_CHANNEL,
    SOURCE_HANDSHAKE,
    SOURCE_HANDSHAKE_OLD,
    SUBPROTOCOL,
    SUBSCRIBER_PATH,
    TARGET_HANDSHAKE,
    TARGET_RECONNECTED,
    TEXT_FRAME,
    TEXT_FRAME_PRESENT,
    TRANSPORT_IN_URL,
    handshake_properties,
    mark_frame,
)
from mediation.transports.websocket.subprotocols import Negotiated, content_type_of

if TYPE_CHECKING:
    from mediation.environment import Client, Environment
    from mediation.handlers import HandledClient
    from mediation.headers import Headers
    from mediation.inbound_endpoint import InboundEndpoint
    from mediation.transports.websocket import Frame
    from mediation.transports.websocket.backend import Backend

WITHOUT_CODE: Final = (1005, 1006, 1015)
"""What stands for a connection that ended without a code; no Close says so (RFC 6455 7.4.1)."""

_client_ids = itertools.count(1)


class ClientMessages:
    """
    Makes the messages of one conversation. ``docs/websocket.md`` has the table of their properties.

    What they have in common is put together when it changes, not for each of them.

    Args:
        client: whose messages they are.
        channel: unique text that names the connection.
        target, url: the request path with its query, and the address that the client called.
        properties: what every message has besides, in the scopes default and axis2.
        identity: properties that say who the client has proved to be.
        relays: whether the client's sub-protocols are offered to back-ends, as if a sequence had asked for it.

    Attributes:
        handled: the client as its handlers see it; they may add properties to every message, at any time.
        negotiated_type: the content type that the sub-protocol says, if it says one.
    """

    def __init__(
        self,
        client: Client,
        inbound: InboundEndpoint,
        *,
        channel: str,
        target: str,
        url: str,
        properties: Mapping[str, Any],
        identity: Mapping[str, Any],
        relays: bool,
    ) -> None:
        self._client = client
        self._relays = relays
        self._identity = dict(identity)
        self._headers: dict[str, str] = {}
        self._both = {IS_INBOUND: True, SOURCE_CHANNEL: channel, **properties}
        self._default_only = {
            SUBSCRIBER_PATH: target,
            INBOUND_ENDPOINT_NAME: inbound.name,
            API_CALLER: inbound.name,
        }
        self._axis2_only: dict[str, Any] = {CLIENT_ID: next(_client_ids) & 0x7FFFFFFF, TRANSPORT_IN_URL: url}
        self._subprotocol: str | None = None
        self.negotiated_type: str | None = None
        self.handled: HandledClient | None = None
        self.configure(inbound)

    # -- what they have in common

    def agree(self, subprotocol: str | None, told: str | None) -> None:
        """
        The sub-protocol is settled; :meth:`configure` has to follow.

        Args:
            told: what messages say of it: the negotiated one, or what is still to be offered to a back-end.
        """
        self._subprotocol = subprotocol
        self.negotiated_type = content_type_of(subprotocol)
        self._axis2_only[SUBPROTOCOL] = told if told is None or self._relays else Negotiated(told)

    def identify(self, properties: Mapping[str, Any]) -> None:
        """Who the client is; :meth:`configure` has to follow."""
        self._identity = dict(properties)

    def remember(self, headers: Headers) -> None:
        """The handshake's headers, for messages that shall carry them; :meth:`configure` has to follow."""
        self._headers = handshake_properties(headers.items())

    def configure(self, inbound: InboundEndpoint) -> None:
        """Take over what this version of the endpoint says of all messages."""
        shared = self._both | self._identity
        if inbound.outflow_sequence:
            shared[OUTFLOW_SEQUENCE] = inbound.outflow_sequence
        if inbound.outflow_fault_sequence:
            shared[OUTFLOW_FAULT_SEQUENCE] = inbound.outflow_fault_sequence
        self._default = shared | self._default_only
        self._axis2 = shared | self._axis2_only
        self._of_backends: dict[str, Any] = {IS_INBOUND: True} | self._identity
        if inbound.conversation.handshake_headers:
            self._default |= self._headers
            self._of_backends |= self._headers
        if inbound.conversation.preserved_headers:
            self._axis2[PRESERVED_HEADERS] = ",".join(inbound.conversation.preserved_headers)
        self._frame_type = self.negotiated_type or self._subprotocol or inbound.default_content_type
        # A frame whose content is built is no longer marked as a frame in the default scope, where <respond/> looks.
        carried = self._frame_type in (None, "text/plain", "application/octet-stream")
        self._marks_frames = carried or not is_known(self._frame_type)

    # -- messages of the client

    def new(self, environment: Environment, payload: Payload | None = None) -> MessageContext:
        default = self._default.copy()
        if self.handled is not None:
            default.update(self.handled.properties)
        return MessageContext(environment, payload, self._client, default, self._axis2.copy())

    def handshake(self, environment: Environment, headers: Headers) -> MessageContext:
        ctx = self.new(environment)
        # What a client writes into its headers never stands for what we say of it.
        told = {name: value for name, value in headers.items() if not name.lower().startswith("websocket.")}
        for properties in (ctx.properties, ctx.axis2):
            properties |= told | properties
            properties[SOURCE_HANDSHAKE] = properties[SOURCE_HANDSHAKE_OLD] = True
        ctx.headers = headers
        return ctx

    def frame(self, environment: Environment, frame: Frame) -> MessageContext:
        ctx = self.new(environment, Payload(frame, self._frame_type, True))
        if self.negotiated_type is not None:
            return ctx
        default, axis2 = ctx.properties, ctx.axis2
        if isinstance(frame, str):
            default[TEXT_FRAME_PRESENT], axis2[TEXT_FRAME_PRESENT] = self._marks_frames, True
            default[TEXT_FRAME] = axis2[TEXT_FRAME] = frame
        else:
            default[BINARY_FRAME_PRESENT], axis2[BINARY_FRAME_PRESENT] = self._marks_frames, True
            default[BINARY_FRAME] = axis2[BINARY_FRAME] = frame
        return ctx

    def disconnect(self, environment: Environment, code: int, reason: str) -> MessageContext:
        ctx = self.new(environment)
        for properties in (ctx.properties, ctx.axis2):
            properties[CONNECTION_TERMINATE] = True
            if code not in WITHOUT_CODE:
                properties[CLOSE_CODE] = code
                properties[CLOSE_REASON] = reason
        return ctx

    # -- messages of its back-ends

    def of_backend(self, environment: Environment, backend: Backend, payload: Payload | None = None) -> MessageContext:
        default = self._of_backends.copy()
        default[SUBSCRIBER_PATH] = backend.uri
        ctx = MessageContext(environment, payload, self._client, default)
        ctx.from_backend = True
        return ctx

    def acknowledge(self, environment: Environment, backend: Backend) -> MessageContext:
        """The back-end is connected."""
        ctx = self.of_backend(environment, backend)
        ctx.properties[TARGET_HANDSHAKE] = True
        if backend.again:
            ctx.properties[TARGET_RECONNECTED] = True
        return ctx

    def backend_frame(self, environment: Environment, backend: Backend, frame: Frame) -> MessageContext:
        ctx = self.of_backend(environment, backend, Payload(frame, backend.content_type, True, True))
        if backend.content_type is None:
            mark_frame(ctx.properties, frame)
        return ctx
