"""The parts of a body that are put back when they have been changed, one after the other."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from lxml import etree

from mediation.payloads import Payload
from mediation.payloads.json_text import loads
from mediation.splitting import cut_out, empty, json_payload

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
        self._places = [node.getparent() for node in nodes if isinstance(node, etree._Element)]
        self._elements = cut_out(self._rest, nodes, expression) if self._places else []

    def __iter__(self) -> Iterator[Part]:
        if not self._elements:
            return
        shell = copy.deepcopy(self._rest.envelope)
        empty(self._rest.with_envelope(shell).body)
        for element, place in zip(self._elements, self._places, strict=True):
            assert place is not None, "the root is no part"
            place.append(element)
            payload = self._rest.with_envelope(copy.deepcopy(shell))
            payload.body.append(copy.deepcopy(element))
            yield Part(payload, _Place(element))

    def joined(self) -> Payload:
        return self._rest if self._elements else self._original


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
    """The members of the array that a ``json-eval`` finds, or all that it finds if it may find several things."""

    def __init__(self, ctx: MessageContext, expression: JsonEval) -> None:
        self._payload = ctx.payload
        self._places: list[tuple[Any, Any]] = []
        if not ctx.payload.json_text():
            return
        locations = expression.path(ctx).locations(ctx.payload.json())
        is_array = len(locations) == 1 and expression.value(ctx) is _at(ctx.payload.json(), locations[0])
        # A value of its own: that of the payload is shared.
        self._holder = [loads(ctx.payload.json_text())]
        for location in locations:
            *way, step = (0, *location)
            container = _at(self._holder, way)
            found = container[step]
            if is_array and isinstance(found, list):
                self._places = [(found, index) for index in range(len(found))]
            else:
                self._places.append((container, step))

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
