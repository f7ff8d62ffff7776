"""An artifact's text as a document: compared, and changed without losing what its author wrote."""

import copy
from collections.abc import Callable

from lxml import etree

from mediation.payloads.xml import SYNAPSE_NS, parse_xml

from .spelling import canonical, respell


def revise(text: str, change: Callable[[etree._Element], None]) -> str:
    """
    Change a document's tree and write it.

    Comments, unknown elements and attributes, their order and the formatting stay; a change that changes nothing
    returns ``text`` itself.

    Args:
        change: is given the root element.

    Raises:
        XmlError: ``text`` is not well-formed.
    """
    root = parse_xml(text)
    before = canonical(root)
    change(root)
    return text if canonical(root) == before else respell(root, text)


def same_xml(one: str, other: str) -> bool:
    """
    Whether two artifacts say the same: equal as canonical XML with comments.

    A document without a namespace counts as Synapse's. White space between elements counts.

    Raises:
        XmlError: one of them is not well-formed.
    """
    return one == other or _canonical_document(one) == _canonical_document(other)


def _canonical_document(text: str) -> bytes:
    root = parse_xml(text)
    if etree.QName(root).namespace is None:
        root = _in_synapse_namespace(root)
    return etree.tostring(root.getroottree(), method="c14n", with_comments=True)


def _in_synapse_namespace(root: etree._Element) -> etree._Element:
    qualified = etree.Element(f"{{{SYNAPSE_NS}}}{root.tag}", dict(root.attrib), nsmap={**root.nsmap, None: SYNAPSE_NS})
    qualified.text = root.text
    # Comments beside the root are part of the document.
    for sibling in reversed(list(root.itersiblings(preceding=True))):
        qualified.addprevious(copy.copy(sibling))
    for sibling in reversed(list(root.itersiblings())):
        qualified.addnext(copy.copy(sibling))
    qualified.extend(list(root))
    for element in qualified.iter("*"):
        if etree.QName(element).namespace is None:
            element.tag = f"{{{SYNAPSE_NS}}}{element.tag}"
    return qualified
