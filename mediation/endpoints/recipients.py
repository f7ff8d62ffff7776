"""``<recipientlist>``: several endpoints that all get the message."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from mediation import flow
from mediation.branching import mark
from mediation.endpoints.address import address_endpoint
from mediation.endpoints.group import endpoint_elements, read_children
from mediation.endpoints.leaf import EndpointProperty, Leaf
from mediation.endpoints.member import read_member
from mediation.errors import EndpointError, GrammarError, MediationError, NoEndpointReady
from mediation.expressions import Value
from mediation.flow import Outcome
from mediation.grammar import elements, find, local_name
from mediation.message import MessageContext
from mediation.properties import ERROR_MESSAGE
from mediation.transports import Answer

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler
    from mediation.endpoints import Endpoint

logger = logging.getLogger(__name__)

MAX_RECIPIENTS: Final = 256
"""That one message may name; each costs a request."""


_FAILED: Final = "Recipient List endpoint : %s - a recipient failed: %s"


@dataclass(frozen=True, slots=True)
class _Unreached:
    """The fault handler of a copy."""

    name: str

    def mediate(self, ctx: MessageContext) -> bool:
        logger.warning(_FAILED, self.name, ctx.get(ERROR_MESSAGE))
        return False


def _to(endpoint: Endpoint, send: Callable[[MessageContext, Endpoint], Outcome], copy: MessageContext) -> Outcome:
    return send(copy, endpoint)


class Recipients:
    """
    A message on its way to several endpoints, each with a copy of its own.

    ``<send>`` takes it apart with :meth:`start`. For all others it is an awaitable: it sends the copies, waits until
    the last one has been answered, and gives the answer of the first recipient that has one.
    """

    def __init__(self, name: str, deliveries: Sequence[tuple[MessageContext, Endpoint]]) -> None:
        self._name = name
        self._deliveries = deliveries

    def start(self, ctx: MessageContext, send: Callable[[MessageContext, Endpoint], Outcome]) -> None:
        """
        Send each copy in a branch of ``ctx``.

        What fails goes to the ``onError`` of its endpoint; without one it is logged. The others go on.
        """
        unreached = _Unreached(self._name)
        ctx.branches.start(
            partial(flow.run_leg, partial(_to, endpoint, send), copy, unreached) for copy, endpoint in self._deliveries
        )

    def __await__(self) -> Generator[Any, None, Answer | None]:
        return self._all().__await__()

    async def _all(self) -> Answer | None:
        results = await asyncio.gather(*map(self._one, self._deliveries), return_exceptions=True)
        failures = [result for result in results if isinstance(result, BaseException)]
        for failure in failures:
            if not isinstance(failure, MediationError):
                raise failure
            logger.warning(_FAILED, self._name, failure)
        if failures and len(failures) == len(results):
            raise failures[-1]
        return next((result for result in results if isinstance(result, Answer)), None)

    async def _one(self, delivery: tuple[MessageContext, Endpoint]) -> Answer | None:
        copy, endpoint = delivery
        outcome = endpoint.send(copy)
        return outcome if outcome is None or isinstance(outcome, Answer) else await outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientListEndpoint:
    """
    Several endpoints that all get a copy of the message.

    ::

        <endpoint>
            <recipientlist>
                <endpoint key="stock"/>
                <endpoint key="audit"/>
            </recipientlist>
        </endpoint>
        <endpoint><recipientlist><endpoints value="{get-property('addresses')}"/></recipientlist></endpoint>

    ``<send>`` runs a response leg for each answer; the property ``messageSequence`` says which of how many it is, for
    ``<aggregate>``. ``<call>`` goes on once, with the answer of the first recipient that gives one. A recipient that
    fails is logged, and the others go on.
    """

    name: str
    children: tuple[Endpoint, ...]
    addresses: Value | None
    properties: tuple[EndpointProperty, ...]
    known: AddressCache

    def send(self, ctx: MessageContext) -> Recipients:
        """
        Raises:
            NoEndpointReady: none of the recipients can take a message.
        """
        for setting in self.properties:
            setting.apply(ctx)
        recipients = self.children or self._addressed(ctx)
        ready = [child for child in recipients if child.is_ready(ctx)]
        if not ready:
            message = f"Recipient List endpoint : {self.name} - no ready child endpoints"
            logger.warning(message)
            raise NoEndpointReady(message)
        deliveries = []
        for number, child in enumerate(ready):
            copy = ctx.copy()
            mark(copy, ctx.message_id, None, number, len(ready))
            deliveries.append((copy, child))
        return Recipients(self.name, deliveries)

    def _addressed(self, ctx: MessageContext) -> Sequence[Endpoint]:
        assert self.addresses is not None, "a recipient list without children has an expression"
        texts = [text for part in (self.addresses.string(ctx) or "").split(",") if (text := part.strip())]
        if len(texts) > MAX_RECIPIENTS:
            raise EndpointError(f"{len(texts)} recipients are more than {MAX_RECIPIENTS}", code=0)
        return [self.known.endpoint(text) for text in texts]

    def is_ready(self, ctx: MessageContext) -> bool:
        return any(child.is_ready(ctx) for child in self.children) if self.children else True

    def leaves(self) -> Iterator[Leaf]:
        for child in self.children:
            yield from child.leaves()


@dataclass(slots=True)
class AddressCache:
    """The endpoints of addresses that messages have named lately, with what is known of their failures."""

    name: str
    size: int
    _endpoints: OrderedDict[str, Endpoint] = field(default_factory=OrderedDict)

    def endpoint(self, address: str) -> Endpoint:
        endpoint = self._endpoints.pop(address, None) or address_endpoint(self.name, address, comes_from_message=True)
        self._endpoints[address] = endpoint
        while len(self._endpoints) > self.size:
            self._endpoints.popitem(last=False)
        return endpoint


def read_recipient_list(
    element: etree._Element, compiler: Compiler, name: str, properties: tuple[EndpointProperty, ...]
) -> RecipientListEndpoint:
    """
    Raises:
        ConfigurationError: it names nobody, or something that could not run.
    """
    children: tuple[Endpoint, ...] = ()
    members = [part for part in elements(element) if local_name(part) == "member"]
    dynamic = find(element, "endpoints")
    if endpoint_elements(element):
        children = read_children(element, compiler)
    elif members:
        children = tuple(read_member(part, name) for part in members)
    elif dynamic is None or not dynamic.get("value"):
        raise GrammarError.missing(
            "recipientlist", 'children <endpoint>, or <endpoints value="..."/>', element.sourceline
        )
    cached = "20" if dynamic is None else dynamic.get("max-cache") or "20"
    if not cached.isdecimal():
        raise GrammarError(f'<endpoints> max-cache "{cached}" is not a number', element.sourceline)
    return RecipientListEndpoint(
        name=name,
        children=children,
        addresses=None if dynamic is None else compiler.value(dynamic.get("value", ""), dynamic),
        properties=properties,
        known=AddressCache(name, max(1, min(int(cached), MAX_RECIPIENTS))),
    )
