"""The element that a transformation reads, and what takes its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lxml import etree

from mediation.errors import MediationError
from mediation.payloads.nodes import replace

if TYPE_CHECKING:
    from mediation.expressions import Expression
    from mediation.message import MessageContext


def selected(source: Expression | None, ctx: MessageContext) -> etree._Element | None:
    """
    The first element that the expression finds; without one the first of the Body, which may be empty.

    Raises:
        MediationError: the expression finds no element.
    """
    if source is None:
        return ctx.payload.first_child
    if source.source.strip() == "/":
        return ctx.payload.envelope  # XPath's root, which is no element
    found = source.value(ctx)
    node = found[0] if isinstance(found, list) and found else found
    if not isinstance(node, etree._Element):
        raise MediationError(f"The evaluation of the XPath expression {source.source} did not result in an OMNode")
    return node


def put_in_place(old: etree._Element, new: etree._Element, ctx: MessageContext) -> None:
    """
    Put an element where another one of the message is. Of one that replaces the Body or Header, its children are taken.

    Raises:
        MediationError: the old element has no place in the message, or the new one is no envelope and should be.
    """
    payload = ctx.payload
    if old is payload.envelope:
        payload.replace_envelope(new)
    elif old is payload.body or old is payload.header:
        old[:] = _children(new)
        old.text = None
        payload.changed()
    elif old is payload.first_child and len(payload.body) == 1:
        payload.replace_body(new)
    elif old.getparent() is None:
        raise MediationError("the source has no place in the message: name a target")
    else:
        replace(old, [new])
        payload.changed()


def _children(element: etree._Element) -> Sequence[etree._Element]:
    children = list(element.iterchildren("*"))
    for child in children:
        child.tail = None
    return children
