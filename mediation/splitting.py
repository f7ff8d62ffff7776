"""The body of a message, cut into parts by an expression: what ``iterate`` and ``foreach`` have in common."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from lxml import etree

from mediation.errors import MediationError
from mediation.expressions.json_edit import changed
from mediation.expressions.json_eval import JsonEval
from mediation.expressions.results import is_node_list
from mediation.payloads import Payload
from mediation.payloads.json_text import dumps
from mediation.payloads.nodes import portable

if TYPE_CHECKING:
    from mediation.expressions import Expression
    from mediation.message import MessageContext

UNATTACHABLE: Final = (
    "Error in attaching the splitted elements :: Unable to get the attach path specified by the expression {}"
)


def split(
    ctx: MessageContext, expression: Expression, attach_path: Expression | None = None, *, preserve: bool = False
) -> tuple[int, Iterator[Payload]]:
    """
    Cut parts out of a message's body, which stays as it is.

    Args:
        expression: finds the parts: elements of XML, or the members of a JSON array.
        preserve: put each part into a copy of what the message is without the parts.
        attach_path: finds the place for it there; the Body, or all of the JSON, by default.

    Returns:
        How many parts there are, and a body for each, made one by one.

    Raises:
        MediationError: a part cannot be cut out, or finds no place; the latter from the iterator.
    """
    if isinstance(expression, JsonEval):
        items = as_items(expression.value(ctx))
        return len(items), _json_parts(ctx, items, attach_path, preserve)
    working = ctx.copy()
    found = expression.value(working)
    if isinstance(found, etree._Element):
        found = [found]
    if not isinstance(found, list) or not is_node_list(found):
        items = as_items(found)
        return len(items), _json_parts(ctx, items, attach_path, preserve)
    cut = cut_out(working.payload, found, expression)
    if not preserve:
        empty(working.payload.body)
    return len(cut), _xml_parts(working, cut, attach_path)


# -- XML


def cut_out(payload: Payload, nodes: list[Any], expression: Expression | None) -> list[etree._Element]:
    """
    Take the elements among these nodes out of the body; anything else is no part.

    Those of a property, which an XPath finds as copies, are parts, too.

    Raises:
        MediationError: the envelope or the Body is one of them.
    """
    cut = []
    # From the last one on: an element in another that is cut out, too, is no longer in that one when its turn comes.
    for node in reversed(nodes):
        if not isinstance(node, etree._Element):
            continue
        if node is payload.envelope or node is payload.body:
            source = "" if expression is None else expression.source
            raise MediationError(f"Error evaluating expression: {source}")
        cut.append(portable(node))
        if node.getparent() is not None:
            detach(node)
    payload.changed()
    return cut[::-1]


def detach(element: etree._Element) -> None:
    """Take an element out of its tree, with the blanks that follow it."""
    parent = element.getparent()
    assert parent is not None
    if element.tail is not None and element.tail.strip():
        previous = element.getprevious()
        if previous is None:
            parent.text = (parent.text or "") + element.tail
        else:
            previous.tail = (previous.tail or "") + element.tail
    element.tail = None
    parent.remove(element)


def empty(body: etree._Element) -> None:
    """Take everything out of the Body."""
    for child in list(body):
        body.remove(child)
    body.text = None


def _xml_parts(working: MessageContext, cut: list[etree._Element], attach_path: Expression | None) -> Iterator[Payload]:
    rest = working.payload
    cut.reverse()
    while cut:
        part = rest.with_envelope(copy.deepcopy(rest.envelope))
        # Who keeps the element keeps the whole part in memory.
        _place(part, working, attach_path).append(cut.pop())
        yield part


def _place(part: Payload, working: MessageContext, attach_path: Expression | None) -> etree._Element:
    if attach_path is None:
        return part.body
    working.payload = part
    found = attach_path.value(working)
    place = (
        next((node for node in found if isinstance(node, etree._Element)), None) if isinstance(found, list) else None
    )
    if place is None:
        raise MediationError(UNATTACHABLE.format(attach_path.source))
    return part.body if place is part.envelope else place


# -- JSON


def as_items(found: Any) -> list[Any]:
    """The members of an array; an object counts as one, anything else as none."""
    if isinstance(found, list):
        return found
    return [found] if isinstance(found, dict) else []


def json_payload(value: Any) -> Payload:
    payload = Payload()
    payload.replace_json(dumps(value) if isinstance(value, str) else value)
    return payload


def _json_parts(
    ctx: MessageContext, items: list[Any], attach_path: Expression | None, preserve: bool
) -> Iterator[Payload]:
    if not preserve or attach_path is None:
        return map(json_payload, items)
    root = ctx.payload.json()
    locations = attach_path.path(ctx).locations(root) if isinstance(attach_path, JsonEval) else []
    if not locations:
        raise MediationError(UNATTACHABLE.format(attach_path.source))
    return (json_payload(changed(root, locations[0], lambda _, item=item: item)) for item in items)  # type: ignore[misc]
