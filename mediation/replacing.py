"""The parts of a body that are put back when they have been changed, one after the other."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from lxml import etree

from mediation.errors import MediationError
from mediation.payloads import Payload
from mediation.payloads.json_text import loads
from mediation.payloads.soap import empty_envelope
from mediation.payloads.xml import SOAP11_NS
from mediation.splitting import cut_out, json_payload

if TYPE_CHECKING:
    from mediation.expressions import Expression
    from mediation.expressions.json_eval import JsonEval
    from mediation.message import MessageContext


class Part(NamedTuple):
    """
    A part as a body of its own.

    ``take_back`` puts what has become of it in its place; a part that is not taken back stays as it was.
    """

    payload: Payload
    take_back: Callable[[Payload], None]


class Parts(Protocol):
    """The parts of one body, in the order of the document. Each is made when it is its turn."""

    def __iter__(self) -> Iterator[Part]: ...

    def joined(self) -> Payload:
        """The body with all parts that were taken back."""


class XmlParts:
    """
    The elements that an expression finds.

    Args:
        ctx: its body stays as it is.

    Raises:
        MediationError: the envelope or the Body is one of them.
    """

    def __init__(self, ctx: MessageContext, expression: Expression) -> None:
        self._original = ctx.payload
        self._rest = ctx.payload.copy()
        working = ctx.copy(self._rest)
        found = expression.value(working)
        found = [found] if isinstance(found, etree._Element) else found
        nodes = found if isinstance(found, list) else []
        places = [node.getparent() for node in nodes if isinstance(node, etree._Element)]
        self._is_empty = not places
        elements = [] if self._is_empty else cut_out(self._rest, nodes, expression)
        self._cut: deque[tuple[etree._Element, Any]] = deque(zip(elements, places, strict=True))

    def __iter__(self) -> Iterator[Part]:
        shell = self._rest.with_envelope(empty_envelope(etree.QName(self._rest.envelope).namespace or SOAP11_NS))
        for element in self._put_back():
            payload = shell.copy()
            payload.replace_body(copy.deepcopy(element))
            yield Part(payload, _Place(element))

    def _put_back(self) -> Iterator[etree._Element]:
        """Append the elements to where they were, each when it is its turn."""
        while self._cut:
            element, place = self._cut.popleft()
            place.append(element)
            yield element

    def joined(self) -> Payload:
        if self._is_empty:
            return self._original
        for _ in self._put_back():
            pass  # those whose turn has not come
        return self._rest


class _Place:
    """Where an element stands that something else may replace."""

    def __init__(self, element: etree._Element) -> None:
        self._element = element

    def __call__(self, payload: Payload) -> None:
        parent = self._element.getparent()
        assert parent is not None
        replacement = payload.first_child
        if replacement is None:
            parent.remove(self._element)
        else:
            replacement.tail = None
            parent.replace(self._element, replacement)


class JsonParts:
    """
    The members of the array that a ``json-eval`` finds, or all that it finds if it may find several things.

    Raises:
        MediationError: it finds something that is no array, or nothing.
    """

    def __init__(self, ctx: MessageContext, expression: JsonEval) -> None:
        self._payload = ctx.payload
        self._places: list[tuple[Any, Any]] = []
        found = expression.value(ctx)
        if not isinstance(found, list):
            raise MediationError(f"JSON element expressed by the path {expression.source} is not a valid JSON array")
        shared = ctx.payload.json()
        locations = expression.path(ctx).locations(shared)
        # A value of its own: that of the payload is shared.
        self._holder = [loads(ctx.payload.json_text())]
        if len(locations) == 1 and found is _at(shared, locations[0]):
            array = _at(self._holder, (0, *locations[0]))
            self._places = [(array, index) for index in range(len(array))]
            return
        for location in locations:
            *way, step = (0, *location)
            self._places.append((_at(self._holder, way), step))

    def __iter__(self) -> Iterator[Part]:
        for container, step in self._places:

            def take_back(payload: Payload, container: Any = container, step: Any = step) -> None:
                container[step] = payload.json()

            yield Part(json_payload(container[step]), take_back)

    def joined(self) -> Payload:
        if self._places:
            self._payload.replace_json(self._holder[0])
        return self._payload


def _at(value: Any, location: Sequence[Any]) -> Any:
    for step in location:
        value = value[step]
    return value
