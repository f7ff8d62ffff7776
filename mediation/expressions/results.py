"""What an expression found, as text and as yes or no (``docs/compatibility.md``, string value)."""

from __future__ import annotations

import math
from typing import Any

from lxml import etree

from mediation.payloads.json_text import JsonFloat, dumps
from mediation.payloads.xml import to_text

_NO_BREAK_SPACE = "\u00a0"


def string_value(result: Any, *, whole_nodes: bool = False) -> str | None:
    """
    The string value of a result or property.

    Args:
        result: nodes, a string, a number, a truth value, a JSON value, or ``None``.
        whole_nodes: write elements as XML even when there is only one: the expression contains ``node()``.
    """
    if result is None:
        return None
    if isinstance(result, str):
        return str(result)
    if isinstance(result, bool):
        return "true" if result else "false"
    if isinstance(result, float):
        return result.text if isinstance(result, JsonFloat) else java_double(result)
    if isinstance(result, etree._Element):
        return _nodes([result], whole_nodes)
    if isinstance(result, list):
        if len(result) == 1 and not whole_nodes and (text := _leaf_text(result[0])) is not None:
            return text  # what nearly every expression finds
        return _nodes(result, whole_nodes) if is_node_list(result) else dumps(result)
    if isinstance(result, dict):
        return dumps(result)
    if isinstance(result, bytes):
        return result.decode("utf-8", "replace")
    return str(result)


def boolean_value(result: Any) -> bool:
    """XPath's ``boolean()``: an empty node-set or string, zero and nothing are false; the string ``false`` is true."""
    if isinstance(result, float):
        return not (result == 0 or math.isnan(result))
    return bool(result) if not isinstance(result, etree._Element) else True


def is_node_list(values: list[Any]) -> bool:
    """Whether a list is a node-set (which may be empty), not a JSON array."""
    return all(isinstance(value, etree._Element | etree._ElementUnicodeResult | tuple) for value in values)


def _leaf_text(node: Any) -> str | None:
    """The text of an element that holds nothing else, if there is nothing to trim from it."""
    if type(node) is not etree._Element or len(node):
        return None
    text = node.text
    return text if text and text[0] > " " and text[-1] > " " and _NO_BREAK_SPACE not in text else None


def _nodes(nodes: list[Any], whole_nodes: bool) -> str:
    alone = len(nodes) == 1
    written = []
    for node in nodes:
        if alone and whole_nodes and isinstance(node, etree._ElementUnicodeResult) and node.is_text:
            node = node.getparent()
        if isinstance(node, str):
            written.append(str(node))
        elif isinstance(node, etree._Element) and isinstance(node.tag, str):
            written.append(_element(node, as_xml=not alone or whole_nodes))
    return "".join(written)


def _element(element: etree._Element, *, as_xml: bool) -> str:
    own = "".join([element.text or "", *(child.tail or "" for child in element)])
    trimmed = own.replace(_NO_BREAK_SPACE, " ").strip("".join(map(chr, range(33))))
    if not trimmed:
        return to_text(element)
    return to_text(element).replace(own, trimmed) if as_xml else trimmed


def java_double(number: float) -> str:
    """A number as Java writes it: ``2.0``, ``1.0E7``, ``NaN``."""
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    if number == 0 or 1e-3 <= abs(number) < 1e7:
        return repr(number)
    digits, _, exponent = f"{number!r}".partition("e")
    sign, digits = ("-", digits[1:]) if digits.startswith("-") else ("", digits)
    whole, _, fraction = digits.partition(".")
    power = int(exponent or 0) + len(whole) - 1
    significant = (whole + fraction).lstrip("0") or "0"
    power -= len(whole + fraction) - len((whole + fraction).lstrip("0"))
    significant = significant.rstrip("0") or "0"
    return f"{sign}{significant[0]}.{significant[1:] or '0'}E{power}"
