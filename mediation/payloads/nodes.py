"""Elements moved and replaced in a tree, with the text around them left where it is."""

from __future__ import annotations

import copy
from collections.abc import Sequence

from lxml import etree


def own_copy(element: etree._Element) -> etree._Element:
    """A copy that stands alone: without the text that follows it, and without namespaces that it does not use."""
    copied = copy.deepcopy(element)
    copied.tail = None
    return copied


def portable(element: etree._Element) -> etree._Element:
    """
    What to put elsewhere for an element that is then taken out of its tree: itself, or a copy.

    lxml makes up a prefix for an element that leaves the place where its default namespace is declared.
    """
    return own_copy(element) if None in element.nsmap and element.getparent() is not None else element


def detach(element: etree._Element) -> None:
    """Take the element out of its parent; the text that follows it stays. A root stays what it is."""
    parent = element.getparent()
    tail, element.tail = element.tail, None
    if parent is None:
        return
    previous = element.getprevious()
    if previous is not None:
        previous.tail = (previous.tail or "") + (tail or "") or None
    else:
        parent.text = (parent.text or "") + (tail or "") or None
    parent.remove(element)


def replace(element: etree._Element, replacements: Sequence[etree._Element]) -> None:
    """Put detached elements in the place of one that has a parent."""
    for replacement in replacements:
        element.addprevious(replacement)
    detach(element)


def set_text(element: etree._Element, text: str) -> None:
    """
    Make this the element's own text; elements in it stay.

    Raises:
        ValueError: a character that XML does not have.
    """
    element.text = text
    for child in element:
        child.tail = None
