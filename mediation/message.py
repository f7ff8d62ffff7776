"""The message context: one message on its way, with all that mediators know about it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from lxml import etree

from mediation.branches import Branches
from mediation.headers import Headers
from mediation.payloads import Payload
from mediation.payloads.media_types import SOAP12, TEXT_XML, media_type
from mediation.payloads.nodes import own_copy
from mediation.properties import CONTENT_TYPE, MESSAGE_TYPE, RESPONSE, TRANSPORT_HEADERS, is_true

if TYPE_CHECKING:
    from mediation.environment import Client, Environment
    from mediation.flow import FaultHandler
    from mediation.templates import TemplateCall


class MessageContext:
    """
    One message, its properties and its addresses.

    Belongs to one leg of one flow at a time, so nothing in it is locked. Scopes that cost nothing until they are used:
    ``transport`` (headers), ``operation`` (shared by the request and the response of one exchange) and the rarer ones.

    Args:
        environment: the configuration that this message sees until it is finished.
        payload: the body; an empty one by default.
        client: where the message came from; ``None`` for one that nobody waits for.
        default: properties of the default scope; the context owns the dict from now on.
        axis2: properties of the axis2 scope; likewise.
    """

    # What most messages never have is a default of the class, not an assignment for each of them.
    depth = 0
    """How many sequences called by name this message is in."""
    faults = 0
    """How many failures of this message were handed to a fault handler."""
    answers = 0
    """How many answers of back-ends, one after the other, have led to this message."""
    hops = 0
    """How often the message has come back to this process by HTTP; see :mod:`mediation.transports.hops`."""
    failure: Exception | None = None
    """What the ``ERROR_*`` properties tell of."""
    fault_handlers: tuple[FaultHandler, ...] = ()
    functions: tuple[TemplateCall, ...] = ()
    """The calls of sequence templates that this message is in, innermost last; the scope ``func`` reads that one."""
    from_backend = False
    """Whether a WebSocket back-end sent this: no response, but ``<send/>`` takes it to the client."""
    to: str | None = None
    from_: str | None = None
    reply_to: str | None = None
    fault_to: str | None = None
    relates_to: str | None = None
    action: str | None = None
    _borrowed: frozenset[str] = frozenset()
    """Properties of the default scope whose XML other messages hold, too; it is copied when it is looked at."""
    _borrowed_variables: frozenset[str] = frozenset()
    _branches: Branches | None = None
    _operation: dict[str, Any] | None = None
    _other_scopes: dict[str, dict[str, Any]] | None = None
    _variables: dict[str, Any] | None = None
    _message_id: str | None = None

    def __init__(
        self,
        environment: Environment,
        payload: Payload | None = None,
        client: Client | None = None,
        default: dict[str, Any] | None = None,
        axis2: dict[str, Any] | None = None,
        headers: Headers | None = None,
        *,
        is_response: bool = False,
    ) -> None:
        # Calls for each frame pass all by position: a keyword in the call of a class costs a dict.
        self.environment = environment
        self.payload: Payload = Payload() if payload is None else payload
        self.client = client
        self.properties: dict[str, Any] = {} if default is None else default
        self.axis2: dict[str, Any] = {} if axis2 is None else axis2
        self._headers = headers
        self._response = is_response

    # -- identity and direction

    @property
    def message_id(self) -> str:
        """``urn:uuid:...``, made when it is first asked for."""
        if self._message_id is None:
            self._message_id = f"urn:uuid:{uuid.uuid4()}"
        return self._message_id

    @message_id.setter
    def message_id(self, value: str) -> None:
        self._message_id = value

    @property
    def is_response(self) -> bool:
        """Whether this message travels towards the client. The property ``RESPONSE`` overrides what the engine set."""
        override = self.properties.get(RESPONSE)
        return self._response if override is None else is_true(override)

    @is_response.setter
    def is_response(self, value: bool) -> None:
        self._response = value

    @property
    def soap_media_type(self) -> str | None:
        """
        That of the SOAP version which the message is to be sent in; ``None`` for REST.

        SOAP 1.1 is XML with a SOAPAction, SOAP 1.2 has a media type of its own; anything else is REST.
        """
        wanted = self.axis2.get(MESSAGE_TYPE)
        media = self.payload.media_type if wanted is None else media_type(str(wanted))
        if media == SOAP12 or (media == TEXT_XML and "SOAPAction" in self.headers):
            return media
        return None

    # -- what it sets off

    @property
    def branches(self) -> Branches:
        """What this message sets off beside its own leg; one for the message, its copies and its answers."""
        if self._branches is None:
            self._branches = Branches()
        return self._branches

    @property
    def overflows(self) -> int:
        """How often this message and its copies have been too deep in sequences."""
        return 0 if self._branches is None else self._branches.overflows

    @property
    def unfinished(self) -> bool:
        """Whether anything that this message has set off is still under way."""
        return self._branches is not None and self._branches.unfinished

    def end(self) -> None:
        """For whoever began this message, when it has ended with all that it has set off."""
        if self._branches is not None:
            self._branches.end()

    # -- scopes

    @property
    def headers(self) -> Headers:
        """The *transport* scope."""
        if self._headers is None:
            self._headers = Headers()
        return self._headers

    @headers.setter
    def headers(self, value: Headers) -> None:
        self._headers = value

    @property
    def operation(self) -> dict[str, Any]:
        """The *operation* scope, one dict for the request and the response of an exchange."""
        if self._operation is None:
            self._operation = {}
        return self._operation

    @property
    def variables(self) -> dict[str, Any]:
        if self._variables is None:
            self._variables = {}
        return self._variables

    def variable(self, name: str) -> Any:
        """The variable's value, or ``None``."""
        if name in self._borrowed_variables:
            self._borrowed_variables -= {name}
            self.variables[name] = _copied(self.variables.get(name))
        return None if self._variables is None else self._variables.get(name)

    def _scope(self, scope: str) -> dict[str, Any]:
        if scope == "default":
            return self.properties
        if scope == "axis2":
            return self.axis2
        if scope == "operation":
            return self.operation
        if self._other_scopes is None:
            self._other_scopes = {}
        return self._other_scopes.setdefault(scope, {})

    def scopes(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The scopes that hold properties, by name; all but ``transport``."""
        yield "default", self.properties
        yield "axis2", self.axis2
        if self._operation is not None:
            yield "operation", self._operation
        yield from (self._other_scopes or {}).items()

    def get(self, name: str, scope: str = "default") -> Any:
        """The property's value, or ``None``."""
        if scope == "default":
            if self._borrowed and name in self._borrowed:
                self._borrowed -= {name}
                self.properties[name] = _copied(self.properties.get(name))
            return self.properties.get(name)
        if scope == "axis2":
            value = self.axis2.get(name)
            # The client's options belong to the same leg, and are read where they are not overridden.
            return value if value is not None or self._other_scopes is None else self._scope("axis2-client").get(name)
        if scope == "transport":
            return None if self._headers is None else self._headers.get(name)
        if scope == "func":
            return self.functions[-1].parameter(name, self) if self.functions else None
        return self._scope(scope).get(name)

    def set(self, name: str, value: Any, scope: str = "default") -> None:
        """
        Set a property.

        A ``None`` leaves a property of the default scope as it is and empties a header. ``messageType`` (axis2) also
        sets ``ContentType`` and the header, as its readers expect (``docs/compatibility.md``, properties).
        """
        if scope == "transport":
            self.headers.set(name, "" if value is None else str(value))
        elif scope == "default":
            if value is not None:
                self.properties[name] = value
        else:
            self._scope(scope)[name] = value
            if scope == "axis2" and name == MESSAGE_TYPE:
                self.axis2[CONTENT_TYPE] = value
                if self._headers is not None and "Content-Type" in self._headers:
                    self._headers.set("Content-Type", str(value))

    def remove(self, name: str, scope: str = "default") -> None:
        """Remove a property if it is there. Removing ``TRANSPORT_HEADERS`` (axis2) drops all headers."""
        if scope == "transport":
            if self._headers is not None:
                self._headers.remove(name)
            return
        self._scope(scope).pop(name, None)
        if scope == "axis2" and name == TRANSPORT_HEADERS and self._headers is not None:
            self._headers.clear()

    # -- other messages made from this one

    def response(self, payload: Payload, headers: Headers, axis2: dict[str, Any]) -> MessageContext:
        """
        The back-end's answer to this message, for a response leg.

        Properties of the default scope, variables and the operation travel along; axis2 and transport scopes are the
        answer's own (``docs/compatibility.md``, what survives a back-end call).
        """
        ctx = MessageContext(
            self.environment,
            payload,
            client=self.client,
            default=dict(self.properties),
            axis2=axis2,
            headers=headers,
            is_response=True,
        )
        ctx.relates_to = self._message_id
        ctx.functions = self.functions
        ctx.answers, ctx.hops = self.answers, self.hops
        ctx._branches = self.branches
        ctx._operation = self.operation
        ctx._variables = self._variables
        if self._borrowed:
            ctx._borrowed = self._borrowed
        if self._borrowed_variables:
            ctx._borrowed_variables = self._borrowed_variables
        return ctx

    def copy(self, payload: Payload | None = None) -> MessageContext:
        """
        A clone whose changes this message does not see (``clone``, ``OUT_ONLY`` calls).

        XML in its properties and variables is copied when either of the two looks at it.

        Args:
            payload: its body; a copy of this message's by default.
        """
        ctx = MessageContext(
            self.environment,
            self.payload.copy() if payload is None else payload,
            client=self.client,
            default=dict(self.properties),
            axis2=dict(self.axis2),
            headers=None if self._headers is None else self._headers.copy(),
            is_response=self._response,
        )
        ctx.to, ctx.from_, ctx.reply_to, ctx.fault_to = self.to, self.from_, self.reply_to, self.fault_to
        ctx.relates_to, ctx.action, ctx.from_backend = self.relates_to, self.action, self.from_backend
        ctx.fault_handlers, ctx.functions = self.fault_handlers, self.functions
        ctx.depth, ctx.answers, ctx.hops = self.depth, self.answers, self.hops
        ctx._branches = self.branches
        ctx._operation = self.operation
        if trees := [name for name, value in self.properties.items() if type(value) in _TREES]:
            ctx._borrowed = self._borrowed = frozenset(trees)
        if self._variables is not None:
            ctx._variables = dict(self._variables)
            if trees := [name for name, value in self._variables.items() if type(value) in _TREES]:
                ctx._borrowed_variables = self._borrowed_variables = frozenset(trees)
        return ctx

    def __repr__(self) -> str:
        direction = "response" if self.is_response else "request"
        return f"<MessageContext {direction} to={self.to!r} properties={sorted(self.properties)}>"


_TREES: Final = frozenset({etree._Element, list})
"""What may be XML: an element, or the nodes that an expression has found."""


def _copied(value: Any) -> Any:
    if isinstance(value, list):
        return [own_copy(each) if isinstance(each, etree._Element) else each for each in value]
    return own_copy(value) if isinstance(value, etree._Element) else value
