"""XML Schemas with all that they include and import, as one program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from lxml import etree

from mediation.errors import MediationError, XmlError
from mediation.payloads.xml import parse_xml, to_text

from .program import MAIN, MAX_MODULES, Program, program
from .resources import Resources, entry_text

if TYPE_CHECKING:
    from mediation.environment import Environment

XS: Final = "{http://www.w3.org/2001/XMLSchema}"
_XML_NAMESPACE: Final = "http://www.w3.org/XML/1998/namespace"

_XML_ATTRIBUTES: Final = f"""
<xs:schema xmlns:xs="{XS[1:-1]}" targetNamespace="{_XML_NAMESPACE}">
  <xs:attribute name="lang" type="xs:string"/>
  <xs:attribute name="space" type="xs:NCName" default="preserve"/>
  <xs:attribute name="base" type="xs:anyURI"/>
  <xs:attribute name="id" type="xs:ID"/>
  <xs:attributeGroup name="specialAttrs">
    <xs:attribute ref="xml:base"/><xs:attribute ref="xml:lang"/><xs:attribute ref="xml:space"/>
    <xs:attribute ref="xml:id"/>
  </xs:attributeGroup>
</xs:schema>"""
"""What everybody imports from ``http://www.w3.org/2001/xml.xsd``."""


def xml_schema(keys: Sequence[str], environment: Environment, locations: Mapping[str, str]) -> Program:
    """
    The schemas that entries hold, together.

    Args:
        locations: keys of modules by the location that a schema names.

    Raises:
        MediationError: there is no such entry, or one is no schema.
    """
    modules = _Modules(Resources(environment, locations))
    uris = list(dict.fromkeys(map(modules.add, keys)))
    main = uris[0] if len(uris) == 1 else modules.together(uris)
    return program("xsd", modules.sources(), modules.resources, main=main)


class _Modules:
    """Schemas by key, with URIs in place of the locations that they name."""

    def __init__(self, resources: Resources) -> None:
        self.resources = resources
        self._roots: dict[str, etree._Element] = {}
        self._uris: dict[str, str] = {}

    def add(self, key: str) -> str:
        """The URI of the schema with that key; it is read once."""
        if key in self._uris:
            return self._uris[key]
        entry = self.resources.entry(key)
        if entry is None:
            raise MediationError(f"No Schema is available with the key : {key}")
        if len(self._uris) >= MAX_MODULES:
            raise MediationError(f"a schema of more than {MAX_MODULES} documents")
        try:
            root = parse_xml(entry_text(entry).strip())
        except XmlError as exc:
            raise MediationError(f"the schema {key} is not XML: {exc}") from exc
        uri = self._uris[key] = f"esb:{len(self._uris) + 1}"
        self._roots[uri] = root
        for part in root.iterchildren(f"{XS}include", f"{XS}redefine", f"{XS}import"):
            self._link(part, key)
        return uri

    def _link(self, part: etree._Element, key: str) -> None:
        location = part.get("schemaLocation")
        if part.tag == f"{XS}import" and part.get("namespace") == _XML_NAMESPACE:
            self._roots["esb:xml"] = parse_xml(_XML_ATTRIBUTES)
            part.set("schemaLocation", "esb:xml")
        elif location is not None:
            try:
                part.set("schemaLocation", self.add(self.resources.key_of(location, key)))
            except MediationError:
                if part.tag != f"{XS}import":
                    raise
                # The place of an import is a hint (XML Schema 1.0 part 1, 4.2.3): what is needed of it will be missed.
                del part.attrib["schemaLocation"]

    def sources(self) -> dict[str, str]:
        return {uri: to_text(root) for uri, root in self._roots.items()}

    def together(self, uris: Sequence[str]) -> str:
        """The URI of a schema that imports these."""
        by_namespace: dict[str | None, list[str]] = {}
        for uri in uris:
            by_namespace.setdefault(self._roots[uri].get("targetNamespace"), []).append(uri)
        # One without a target namespace could not import another without one.
        root = etree.Element(f"{XS}schema", targetNamespace="urn:django-esb:schemas")
        for namespace, parts in by_namespace.items():
            # A second import of one namespace would be skipped.
            location = parts[0] if len(parts) == 1 else self._included(namespace, parts)
            imported = etree.SubElement(root, f"{XS}import", schemaLocation=location)
            if namespace is not None:
                imported.set("namespace", namespace)
        self._roots[MAIN] = root
        return MAIN

    def _included(self, namespace: str | None, uris: Sequence[str]) -> str:
        root = etree.Element(f"{XS}schema")
        if namespace is not None:
            root.set("targetNamespace", namespace)
        for uri in uris:
            etree.SubElement(root, f"{XS}include", schemaLocation=uri)
        joined = f"{uris[0]}-joined"
        self._roots[joined] = root
        return joined
