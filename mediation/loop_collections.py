"""
The collection that ``foreach`` goes through: where it lies, and how its members are replaced.

A collection lies in the body or in a variable. Its expression is ``${payload...}``, ``${vars.name...}``,
``${xpath(...)}``, a ``json-eval`` or an XPath.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

from lxml import etree

from mediation.errors import MediationError
from mediation.expressions.json_edit import changed
from mediation.expressions.json_eval import JsonEval
from mediation.expressions.jsonpath import Path
from mediation.expressions.results import is_node_list
from mediation.payloads import Payload, media_types
from mediation.payloads.json_text import loads
from mediation.payloads.soap import empty_envelope
from mediation.payloads.xml import SOAP11_NS
from mediation.splitting import detach, json_payload

if TYPE_CHECKING:
    from mediation.expressions import Expression
    from mediation.message import MessageContext

_PAYLOAD: Final = re.compile(r"\$\{\s*(?:payload|\$)(?P<path>(?:[.\[].*)?)\}", re.DOTALL)
_VARIABLE: Final = re.compile(r"\$\{\s*vars\.(?P<name>\w+)(?P<path>(?:[.\[].*)?)\}", re.DOTALL)


class Collection(Protocol):
    """The members of a collection, and what puts others in their place."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Payload]:
        """A body for each member, made when it is its turn."""

    def replace(self, ctx: MessageContext, results: Sequence[MessageContext]) -> None:
        """
        Put the bodies of these messages in the place of the members.

        Args:
            ctx: the message that the collection was found in.

        Raises:
            MediationError: the expression does not say where the collection lies.
        """


def find_collection(ctx: MessageContext, expression: Expression) -> Collection:
    """
    Raises:
        MediationError: the expression finds no array and no nodes.
    """
    found = expression.value(ctx)
    if isinstance(found, etree._Element):
        found = [found]
    if isinstance(found, list):
        return Nodes(found, ctx.payload) if found and is_node_list(found) else Array(found, expression)
    raise MediationError(f"foreach: {expression.source} finds no array")


class Array:
    """The members of a JSON array."""

    def __init__(self, members: list[Any], expression: Expression) -> None:
        self._members = members
        self._expression = expression

    def __len__(self) -> int:
        return len(self._members)

    def __iter__(self) -> Iterator[Payload]:
        return map(json_payload, self._members)

    def replace(self, ctx: MessageContext, results: Sequence[MessageContext]) -> None:
        members = [result.payload.json() for result in results]
        variable = _VARIABLE.fullmatch(self._expression.source)
        if variable is not None:
            value = ctx.variables[variable["name"]]
            value = loads(value) if isinstance(value, str) else value
            ctx.variables[variable["name"]] = self._changed(value, Path(f"${variable['path'].strip()}"), members)
        else:
            ctx.payload.replace_json(self._changed(ctx.payload.json(), self._path(ctx), members))

    def _path(self, ctx: MessageContext) -> Path:
        if isinstance(self._expression, JsonEval) and not self._expression.reads_property:
            return self._expression.path(ctx)
        payload = _PAYLOAD.fullmatch(self._expression.source)
        if payload is None:
            raise self._lost()
        return Path(f"${payload['path'].strip()}")

    def _changed(self, value: Any, path: Path, members: list[Any]) -> Any:
        locations = path.locations(value)
        if len(locations) == 1 and _at(value, locations[0]) == self._members:
            return changed(value, locations[0], lambda _: members)
        if len(locations) != len(members):
            raise self._lost()
        for location, member in zip(locations, members, strict=True):
            value = changed(value, location, lambda _, member=member: member)  # type: ignore[misc]
        return value

    def _lost(self) -> MediationError:
        return MediationError(f"foreach: {self._expression.source} does not say where the array is that it finds")


class Nodes:
    """
    Elements of the body, or of a variable.

    Args:
        body: that of the message; each element gets one of its kind, without its headers.
    """

    def __init__(self, nodes: list[Any], body: Payload) -> None:
        self._elements = [node for node in nodes if isinstance(node, etree._Element)]
        if body.is_json:
            self._shell = Payload(None, media_types.XML)
        else:
            self._shell = body.with_envelope(empty_envelope(etree.QName(body.envelope).namespace or SOAP11_NS))

    def __len__(self) -> int:
        return len(self._elements)

    def __iter__(self) -> Iterator[Payload]:
        for element in self._elements:
            payload = self._shell.copy()
            payload.replace_body(copy.deepcopy(element))
            yield payload

    def replace(self, ctx: MessageContext, results: Sequence[MessageContext]) -> None:
        for element, result in zip(self._elements, results, strict=True):
            parent, replacement = element.getparent(), result.payload.first_child
            if parent is None:
                raise MediationError("foreach: an element without a parent cannot be replaced")
            if replacement is None:
                detach(element)
            else:
                replacement.tail = element.tail
                parent.replace(element, replacement)
            if parent.getroottree().getroot() is ctx.payload.envelope:
                ctx.payload.changed()


def _at(value: Any, location: Sequence[Any]) -> Any:
    for step in location:
        value = value[step]
    return value
