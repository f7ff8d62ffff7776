"""SOAP envelopes: every body sits in one, as the language expects, whether or not the message is SOAP."""

from __future__ import annotations

import copy
from typing import Final, Literal

from lxml import etree

from mediation.errors import PayloadError

from .xml import SOAP11_NS, SOAP12_NS

SoapVersion = Literal["soap11", "soap12", "pox"]

VERSIONS: Final[dict[str, SoapVersion]] = {SOAP11_NS: "soap11", SOAP12_NS: "soap12"}
NAMESPACES: Final = {"soap11": SOAP11_NS, "soap12": SOAP12_NS}
_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"


def _new_envelope(namespace: str) -> etree._Element:
    envelope = etree.Element(f"{{{namespace}}}Envelope", nsmap={"soapenv": namespace})
    etree.SubElement(envelope, f"{{{namespace}}}Body")
    return envelope


_EMPTY: Final = {namespace: _new_envelope(namespace) for namespace in VERSIONS}


def empty_envelope(namespace: str = SOAP11_NS) -> etree._Element:
    """An envelope with an empty Body, prefix ``soapenv``."""
    return copy.deepcopy(_EMPTY[namespace])


def wrap(element: etree._Element, namespace: str = SOAP11_NS) -> etree._Element:
    """An envelope with the element in its Body. The element moves; it is not copied."""
    envelope = empty_envelope(namespace)
    element.tail = None
    envelope[0].append(element)
    return envelope


def envelope_version(element: etree._Element) -> SoapVersion | None:
    """The SOAP version of an Envelope element; ``None`` for any other element."""
    name = etree.QName(element)
    if name.localname != "Envelope" or name.namespace is None:
        return None
    return VERSIONS.get(name.namespace)


def body_of(envelope: etree._Element) -> etree._Element:
    """
    The Body.

    Raises:
        PayloadError: the envelope has none.
    """
    body = next(envelope.iterchildren(_sibling_tag(envelope, "Body")), None)
    if body is None:
        raise PayloadError("the SOAP Envelope has no Body")
    return body


def header_of(envelope: etree._Element) -> etree._Element | None:
    return next(envelope.iterchildren(_sibling_tag(envelope, "Header")), None)


def _sibling_tag(envelope: etree._Element, name: str) -> str:
    """A name in the envelope's own namespace."""
    return f"{str(envelope.tag).removesuffix('Envelope')}{name}"


def first_element(parent: etree._Element) -> etree._Element | None:
    return next(parent.iterchildren("*"), None)


def is_fault(envelope: etree._Element) -> bool:
    """Whether the first element of the Body is a Fault of the envelope's SOAP version."""
    first = first_element(body_of(envelope))
    return first is not None and first.tag == _sibling_tag(envelope, "Fault")


def fault_reason(body: etree._Element) -> str | None:
    """What the Fault in this Body gives as its reason; ``None`` if there is none."""
    for path in ("{*}Fault/faultstring", "{*}Fault/{*}Reason/{*}Text"):
        text = body.findtext(path)
        if text is not None:
            return text.strip()
    return None


# -- from one version to the other

_CODES: Final = {"Client": "Sender", "Server": "Receiver"}
_CODES_BACK: Final = {value: key for key, value in _CODES.items()}


def in_version(envelope: etree._Element, version: Literal["soap11", "soap12"]) -> etree._Element:
    """The envelope itself if it is of that version, else a copy in that version, faults included."""
    namespace, old = NAMESPACES[version], etree.QName(envelope).namespace
    if old == namespace:
        return envelope
    declared = {prefix: uri for prefix, uri in envelope.nsmap.items() if uri != old and prefix != "soapenv"}
    converted = etree.Element(f"{{{namespace}}}Envelope", nsmap={**declared, "soapenv": namespace})
    header = header_of(envelope)
    if header is not None:
        etree.SubElement(converted, f"{{{namespace}}}Header").extend(copy.deepcopy(block) for block in header)
    body = etree.SubElement(converted, f"{{{namespace}}}Body")
    if is_fault(envelope):
        _copy_fault(body_of(envelope)[0], body, namespace)
    else:
        body.extend(copy.deepcopy(child) for child in body_of(envelope))
    return converted


def _copy_fault(fault: etree._Element, body: etree._Element, namespace: str) -> None:
    if namespace == SOAP12_NS:
        code, reason, role, detail = (fault.find(tag) for tag in ("faultcode", "faultstring", "faultactor", "detail"))
    else:
        code, reason, role, detail = (
            fault.find(path, {"s": SOAP12_NS}) for path in ("s:Code/s:Value", "s:Reason/s:Text", "s:Role", "s:Detail")
        )
    name = (code.text or "").strip().rpartition(":")[2] if code is not None else "Server"
    text = (reason.text or "") if reason is not None else ""
    copied = etree.SubElement(body, f"{{{namespace}}}Fault")
    if namespace == SOAP12_NS:
        _add(_add(copied, f"{{{SOAP12_NS}}}Code"), f"{{{SOAP12_NS}}}Value", f"soapenv:{_CODES.get(name, name)}")
        _add(_add(copied, f"{{{SOAP12_NS}}}Reason"), f"{{{SOAP12_NS}}}Text", text).set(_LANG, "en")
    else:
        _add(copied, "faultcode", f"soapenv:{_CODES_BACK.get(name, name)}")
        _add(copied, "faultstring", text)
    if role is not None:
        _add(copied, f"{{{SOAP12_NS}}}Role" if namespace == SOAP12_NS else "faultactor", role.text)
    if detail is not None:
        copied_detail = _add(copied, f"{{{SOAP12_NS}}}Detail" if namespace == SOAP12_NS else "detail", detail.text)
        copied_detail.extend(copy.deepcopy(child) for child in detail)


def _add(parent: etree._Element, tag: str, text: str | None = None) -> etree._Element:
    element = etree.SubElement(parent, tag)
    element.text = text
    return element
