"""Small changes to a tree that leave what they do not concern as its author wrote it."""

from lxml import etree

from mediation.grammar import elements
from mediation.payloads.xml import parse_xml, whole_text

INDENTATION = "    "


def set_attribute(element: etree._Element, name: str, value: str) -> None:
    """Set the attribute, or remove it when ``value`` is empty."""
    if element.get(name, "") == value:
        return
    if value:
        element.set(name, value)
    else:
        del element.attrib[name]


def set_flag(element: etree._Element, name: str, value: bool, *, default: bool) -> None:
    """Set a boolean attribute, unless it says so already in whatever spelling."""
    if read_flag(element, name, default=default) != value:
        element.set(name, "true" if value else "false")


def read_flag(element: etree._Element, name: str, *, default: bool) -> bool:
    """A boolean attribute; anything but the opposite of ``default`` counts as ``default``."""
    other = "false" if default else "true"
    return default if element.get(name, "").strip().lower() != other else not default


def content(element: etree._Element) -> str:
    """What stands between the tags: text without the white space around it, or markup if there are child elements."""
    if next(elements(element), None) is None:
        return whole_text(element).strip()
    return ((element.text or "") + "".join(etree.tostring(part, encoding="unicode") for part in element)).strip()


def set_content(element: etree._Element, value: str) -> None:
    """
    Replace what stands between the tags; markup by markup, text by text.

    Raises:
        XmlError: the element holds markup, and ``value`` is not well-formed.
    """
    if content(element) == value.strip():
        return
    markup = next(elements(element), None) is not None
    for part in list(element):
        element.remove(part)
    if markup:
        put_markup(element, value)
    else:
        element.text = value


def put_markup(element: etree._Element, value: str) -> None:
    """
    Give an empty element this content.

    Raises:
        XmlError: ``value`` is not well-formed.
    """
    # The prefixes in scope at the element may be used in the value.
    declarations = "".join(
        f' xmlns{":" if prefix else ""}{prefix or ""}="{uri}"'
        for prefix, uri in element.nsmap.items()
        if prefix != "xml"
    )
    fragment = parse_xml(f"<content{declarations}>{value}</content>")
    element.text = fragment.text
    element.extend(list(fragment))


def append_child(parent: etree._Element, tag: str) -> etree._Element:
    """Append an element of the parent's namespace, indented as its siblings are."""
    namespace = etree.QName(parent).namespace
    child = etree.SubElement(parent, f"{{{namespace}}}{tag}" if namespace else tag)
    before = child.getprevious()
    if before is not None:
        # In between goes what stands before the last sibling; after the new one what stood after it.
        child.tail = before.tail
        before.tail = _space_before(before)
    else:
        outer = _space_before(parent)
        if "\n" in outer or parent.getparent() is None:
            outer = "\n" + outer.rpartition("\n")[2]
            parent.text, child.tail = outer + INDENTATION, outer
        else:
            parent.text = None
    return child


def remove_child(child: etree._Element) -> None:
    """Remove an element and the white space of its line."""
    parent, before = child.getparent(), child.getprevious()
    assert parent is not None, "a root is not removed"
    space = child.tail if child.getnext() is None else _space_before(child)
    parent.remove(child)
    if before is None:
        parent.text = space
    else:
        before.tail = space


def _space_before(element: etree._Element) -> str:
    before, parent = element.getprevious(), element.getparent()
    if parent is None:
        return ""
    return (parent.text if before is None else before.tail) or ""
