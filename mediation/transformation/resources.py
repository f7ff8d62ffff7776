"""Names in stylesheets and schemas, and the local entries that they stand for."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import TYPE_CHECKING

from mediation import grammar
from mediation.errors import MediationError
from mediation.grammar import Node, Rule, node
from mediation.payloads.xml import to_text

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler
    from mediation.environment import Environment
    from mediation.local_entry import LocalEntry


@node("resource")
class Resource(Node):
    """What stands behind a location that a stylesheet or schema includes or imports."""

    location: str = grammar.attribute(name="location")
    key: str = grammar.attribute(name="key")


class WithoutEffect(Rule):
    """no effect: it tunes a library of the originals"""

    def __init__(self, tag: str) -> None:
        self.tags = (tag,)

    def read(self, element: etree._Element, compiler: Compiler, node: type[Node]) -> None:
        for child in grammar.elements(element):
            if grammar.local_name(child) in self.tags:
                what = f'<{self.tags[0]} name="{child.get("name", "")}">' if child.get("name") else f"<{self.tags[0]}>"
                compiler.info(f"{what} of <{node.tag}> has no effect", child)


class AttributeWithoutEffect(Rule):
    """no effect: what is compiled is kept until it changes"""

    def __init__(self, name: str) -> None:
        self.attributes = (name,)

    def read(self, element: etree._Element, compiler: Compiler, node: type[Node]) -> None:
        name = self.attributes[0]
        if element.get(name) is not None:
            compiler.info(f"{name} of <{node.tag}> has no effect: what is compiled is kept until it changes", element)


class Resources:
    """
    Local entries, looked up for one program or schema, which remembers what it is made of.

    Args:
        locations: keys by location, as ``<resource>`` says.
    """

    def __init__(self, environment: Environment, locations: Mapping[str, str]) -> None:
        self._environment = environment
        self._locations = locations
        self.used: list[tuple[str, LocalEntry]] = []

    def entry(self, key: str) -> LocalEntry | None:
        found = self._environment.local_entry(key)
        if found is not None:
            self.used.append((key, found))
        return found

    def key_of(self, location: str, base: str) -> str:
        """
        The key that a location stands for: that of its ``<resource>``, itself, or one beside ``base``.

        Raises:
            MediationError: there is no such entry.
        """
        mapped = self._locations.get(location)
        beside = posixpath.normpath(posixpath.join(posixpath.dirname(base), location))
        for key in [location, beside] if mapped is None else [mapped]:
            if self._environment.local_entry(key) is not None:
                return key
        raise MediationError(f"{location} is neither a <resource> nor the key of a local entry")


def entry_text(entry: LocalEntry) -> str:
    """The text of an entry, or the XML that it is."""
    return entry.value if isinstance(entry.value, str) else to_text(entry.value)
