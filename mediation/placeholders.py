"""
Values that an artifact names, and whoever deploys it has: ``$SYSTEM:NAME``, ``$FILE:NAME`` and ``${configs.NAME}``.

They are filled in when an artifact is compiled, in the places where the originals do that
(``docs/compatibility.md``, placeholders).
"""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Final

from mediation.grammar import elements, local_name
from mediation.process_values import environment_variable, file_property

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler

ATTRIBUTES: Final = {
    ("endpoint", "address"): ("uri",),
    ("endpoint", "http"): ("uri-template",),
    ("endpoint", "wsdl"): ("uri",),
    ("endpoint", "parameter"): ("value",),
    ("proxy", "publishWSDL"): ("uri",),
    ("task", "trigger"): ("interval", "count", "cron", "once"),
    ("task", "property"): ("value",),
}
"""Attributes that may have placeholders, by the element and the one around it."""

PARAMETERS_OF: Final = frozenset({"proxy", "parameters", "messageStore", "messageProcessor"})
"""Elements whose ``<parameter>`` children may have placeholders."""

TEXTS_OF: Final = frozenset({"pool", "basicAuth", "authorizationCode", "clientCredentials", "passwordCredentials"})
"""Elements all of whose children may have placeholders."""

_WHOLE: Final = re.compile(r"\$(?P<source>SYSTEM|FILE):(?P<name>[\w.-]+)")
_INSIDE: Final = re.compile(r"\$\{configs\.(?P<name>[\w.-]+)\}")
_LATER: Final = re.compile(r"^wss?\..*(?:pass|secret)")
"""Parameters whose secret is looked up when it is needed, and not kept."""


def filled(root: etree._Element, compiler: Compiler) -> etree._Element:
    """
    The artifact with its placeholders filled in; one that has no value stays, and is warned of.

    Returns:
        ``root`` itself if it has none. Otherwise a copy, with the same lines.
    """
    if not any(_may_have(element) for element in root.iter("*")):
        return root
    root = copy.deepcopy(root)
    for element in root.iter("*"):
        _fill(element, compiler)
    return root


def _may_have(element: etree._Element) -> bool:
    return "$" in (element.text or "") or any("$" in str(value) for value in element.attrib.values())


def _fill(element: etree._Element, compiler: Compiler) -> None:
    around, tag = element.getparent(), local_name(element)
    outer = "" if around is None else local_name(around)
    for name in ATTRIBUTES.get((outer, tag), ()):
        value = element.get(name)
        if value is not None:
            element.set(name, _resolved(value, element, compiler))
    is_parameter = tag == "parameter" and outer in PARAMETERS_OF and not _LATER.match(element.get("name", ""))
    if (is_parameter or outer in TEXTS_OF) and element.text and next(elements(element), None) is None:
        element.text = _resolved(element.text, element, compiler)


def _resolved(text: str, element: etree._Element, compiler: Compiler) -> str:
    def replacement(match: re.Match[str]) -> str:
        found = value_of(match.groupdict().get("source") or "configs", match["name"])
        if found is None:
            compiler.warning(f"{match[0]} has no value here", element, "placeholder")
        return match[0] if found is None else found

    whole = _WHOLE.fullmatch(text.strip())
    return replacement(whole) if whole else _INSIDE.sub(replacement, text)


def value_of(source: str, name: str) -> str | None:
    """
    Args:
        source: ``SYSTEM`` is the environment of the process, ``FILE`` the file with properties, ``configs`` both.
    """
    found = None if source == "FILE" else environment_variable(name)
    return file_property(name) if found is None and source != "SYSTEM" else found
