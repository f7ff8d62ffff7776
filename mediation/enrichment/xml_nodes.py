"""``<enrich>`` on trees: the nodes of a source, put where a target says."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from lxml import etree

from mediation.errors import MediationError, PayloadError, XmlError
from mediation.expressions.results import is_node_list, string_value
from mediation.payloads.json_text import loads
from mediation.payloads.nodes import detach, own_copy, portable, replace, set_text
from mediation.payloads.soap import envelope_version
from mediation.payloads.xml import parse_xml

if TYPE_CHECKING:
    from mediation.expressions import Expression
    from mediation.message import MessageContext
    from mediation.payloads import Payload

Node = etree._Element | str

logger = logging.getLogger(__name__)

_QUOTED: Final = re.compile(r"'([^']*)'|\"([^\"]*)\"")


# -- sources


def nodes_of(value: Any, *, as_copies: bool = True) -> list[Node]:
    """
    What an expression or a property gives, as nodes; nothing for no value.

    Args:
        as_copies: elements are copied; otherwise they are those of the message, and leave their place when they are put
            into another.
    """
    if value is None:
        return []
    if isinstance(value, etree._Element):
        value = [value]
    if not isinstance(value, list) or not is_node_list(value):
        return [string_value(value) or ""]
    found: list[Node] = []
    for node in value:
        if isinstance(node, str):
            found.append(node)
        elif isinstance(node, etree._Element) and isinstance(node.tag, str):
            found.append(own_copy(node) if as_copies else node)
    return found


# -- targets


def put_at(target: Expression, nodes: Sequence[Node], action: str, ctx: MessageContext) -> None:
    """
    Put the nodes where an XPath leads: to an element, an attribute or a text of the message, or to a property.

    What it finds within a property is a copy (lxml makes one), and no place to put anything.

    Raises:
        MediationError: it leads nowhere, or the nodes cannot be put there.
    """
    if not nodes:
        logger.error("Cannot Enrich message from an empty source.")
        return
    if target.source.startswith("get-property"):
        _put_into_property(target.source, nodes, action, ctx)
        return
    found = target.value(ctx)
    node = found[0] if isinstance(found, list) and found else found
    owner = node.getparent() if isinstance(node, etree._ElementUnicodeResult) else node
    if not isinstance(owner, etree._Element) or not _is_in(ctx.payload.envelope, owner):
        logger.error("Invalid Target object to be enrich.")
        raise MediationError("Invalid Target object to be enrich.")
    if any(isinstance(moving, etree._Element) and _is_in(moving, owner) for moving in nodes):
        raise MediationError("Invalid Source object to be inserted: an element into itself")
    try:
        if node is owner:
            _put(owner, nodes, action)
        else:
            _put_text(node, owner, nodes)
    except ValueError as exc:  # a control character
        raise MediationError(f"Invalid Source object to be inserted: {exc}") from exc
    ctx.payload.changed()


def _is_in(outer: etree._Element, element: etree._Element) -> bool:
    return element is outer or outer in element.iterancestors()


def _put(target: etree._Element, nodes: Sequence[Node], action: str) -> None:
    elements = [_detached(node) for node in nodes if not isinstance(node, str)]
    if action == "child":
        target.extend(elements)
    elif action == "sibling":
        for element in elements:
            target.addnext(element)  # each directly behind the target, so the last one comes first
    else:
        for text in (node for node in nodes if isinstance(node, str)):
            set_text(target, text)
        if elements:
            replace(target, elements)


def _detached(element: etree._Element) -> etree._Element:
    moved = portable(element)
    detach(element)
    return moved


def _put_text(target: Any, owner: etree._Element, nodes: Sequence[Node]) -> None:
    """Replace an attribute's value or a text. ``owner`` is the element that has it, or that it follows."""
    first = nodes[0]
    if target.is_attribute:
        if not isinstance(first, str):
            raise MediationError("Invalid Source object to be inserted: an attribute takes text, not an element")
        owner.set(target.attrname, first)
        return
    parent = owner.getparent() if target.is_tail else owner
    assert parent is not None, "a text lies in an element"
    if isinstance(first, str):
        set_text(parent, first)
        return
    if target.is_tail:
        owner.tail = None
    else:
        owner.text = None
    parent.append(_detached(first))


def put_into_body(nodes: Sequence[Node], action: str, payload: Payload) -> None:
    """
    Put the nodes where the first element of the Body is; other elements of the Body stay.

    JSON text that replaces the body makes it JSON.
    """
    first = payload.first_child
    if action == "replace" and nodes and isinstance(nodes[0], str) and first is not None and _is_json(nodes[0]):
        payload.replace_json(nodes[0], keep_type=True)
        return
    elements = [node for node in nodes if not isinstance(node, str)]
    if first is None:
        if len(elements) < len(nodes):
            logger.error("Invalid Object type to be inserted into message body")
        if not elements:
            return
        payload.replace_body(_detached(elements[0]))
        payload.body.extend(map(_detached, elements[1:]))
        return
    try:
        if action == "replace" and len(nodes) == len(elements) == 1 and len(payload.body) == 1:
            payload.replace_body(_detached(elements[0]))  # which knows what to do with a body of no type
            return
        _put(first, nodes, action)
    except ValueError as exc:
        raise MediationError(f"Invalid Source object to be inserted: {exc}") from exc
    payload.changed()


def _is_json(text: str) -> bool:
    if text.lstrip()[:1] not in ("{", "["):
        return False
    try:
        loads(text)
    except PayloadError:
        return False
    return True


def put_envelope(nodes: Sequence[Node], payload: Payload) -> None:
    """
    Raises:
        MediationError: the source is no SOAP envelope.
    """
    first = nodes[0] if nodes else ""
    if isinstance(first, str) or envelope_version(first) is None:
        logger.error("SOAPEnvelope is expected")
        raise MediationError("A SOAPEnvelope is expected")
    payload.replace_envelope(first)


def put_property(name: str, nodes: Sequence[Node], action: str, ctx: MessageContext, scope: str = "default") -> None:
    """Set a property to the nodes, or put them into the element that the property is."""
    existing = _element_in(ctx.get(name, scope)) if action == "child" else None
    if existing is not None:
        _put(existing, nodes, action)
        ctx.set(name, existing, scope)
    elif nodes and all(isinstance(node, str) for node in nodes):
        ctx.set(name, "".join(map(str, nodes)), scope)
    else:
        ctx.set(name, list(nodes), scope)


def _element_in(value: Any) -> etree._Element | None:
    """A copy of the element that a property's value is, or that its text says."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, etree._Element):
        return own_copy(value)
    if isinstance(value, str) and value.lstrip().startswith("<"):
        try:
            return parse_xml(value)
        except XmlError:
            return None
    return None


def _put_into_property(source: str, nodes: Sequence[Node], action: str, ctx: MessageContext) -> None:
    """``get-property('name')`` or ``get-property('scope', 'name')`` as a target."""
    quoted = [single or double for single, double in _QUOTED.findall(source)]
    scope, name = (quoted[0], quoted[1]) if len(quoted) > 1 else ("default", quoted[0] if quoted else "")
    put_property(name, nodes, action, ctx, scope)
