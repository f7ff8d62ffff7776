"""What people see who may look at an artifact, but not change it."""

import re
from typing import Final

from lxml import etree

from artifacts.synapse_xml import revise
from mediation.grammar import elements

MASK: Final = "••••"

_SECRET_NAME: Final = re.compile(r"pass|secret|token", re.IGNORECASE)
_SECRET_ELEMENT: Final = re.compile(r"(<\w*(?:pass|secret|token)\w*>)[^<]+", re.IGNORECASE)
_USER_INFO: Final = re.compile(r"(://[^/\s:@]*):[^/\s@]+@")


def is_secret(name: str) -> bool:
    """Whether something of this name holds a secret."""
    return _SECRET_NAME.search(name) is not None


def mask_value(name: str, value: str) -> str:
    return MASK if value and is_secret(name) else mask_url(_SECRET_ELEMENT.sub(rf"\1{MASK}", value))


def mask_url(text: str) -> str:
    """Hide the password in ``scheme://user:password@host``."""
    return _USER_INFO.sub(rf"\1:{MASK}@", text)


def mask_xml(text: str) -> str:
    """The artifact's text without the values of parameters, properties and attributes whose name tells of a secret."""
    return mask_url(revise(text, _mask))


def _mask(root: etree._Element) -> None:
    for element in root.iter("*"):
        named_secret = is_secret(element.get("name", "")) or is_secret(etree.QName(element).localname)
        if named_secret and next(elements(element), None) is None and (element.text or "").strip():
            element.text = MASK
        for attribute in element.attrib:
            is_value = named_secret and attribute in ("value", "expression")
            if attribute != "name" and (is_value or is_secret(str(attribute))):
                element.set(attribute, MASK)
