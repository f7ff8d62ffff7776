"""``<localEntry>``: text, XML or a URL that other artifacts use by key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mediation.errors import GrammarError, NotRunnable
from mediation.grammar import artifact, elements, local_name

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler


SOURCES: Final = frozenset({"file", "http", "https"})
"""Schemes of URLs that a value may come from. Whoever gives the engine its environment reads them."""


@dataclass(frozen=True, slots=True)
class LocalEntry:
    """
    A value by key.

    Attributes:
        value: text, or an element; the element is shared, so copy it before changing it.
        artifact: the compiled sequence, endpoint or operation of a connector, when the entry holds one.
        source: the URL that the value comes from; an entry that an environment has given has its value.
    """

    key: str
    value: str | etree._Element
    artifact: object = None
    source: str | None = None


@artifact("localEntry")
def read_local_entry(element: etree._Element, compiler: Compiler) -> LocalEntry:
    """
    Raises:
        GrammarError: there is no key.
        NotRunnable: the value lies behind a URL of a kind that is not read.
    """
    key = element.get("key")
    if not key:
        raise GrammarError.missing("localEntry", 'the attribute "key"', element.sourceline)
    source = element.get("src")
    if source is not None:
        scheme = source.partition(":")[0].lower()
        if scheme not in SOURCES:
            hint = "put the content into the entry itself, or into the registry"
            raise NotRunnable(f'a local entry with src "{scheme}:"', hint, line=element.sourceline)
        return LocalEntry(key, "", source=source.strip())
    content = [child for child in elements(element) if local_name(child) != "description"]
    if not content:
        return LocalEntry(key, (element.text or "").strip())
    return held_entry(key, content[0], compiler)


def held_entry(key: str, content: etree._Element, compiler: Compiler) -> LocalEntry:
    """
    The entry with this XML; a sequence, an endpoint or the operation of a connector is compiled.

    Raises:
        ConfigurationError: the sequence or endpoint has mistakes.
    """
    held: object = None
    if local_name(content) == "endpoint":
        held = compiler.endpoint(content)
    elif local_name(content) == "sequence" and content.get("name"):
        from mediation.mediators.sequence import SequenceMediator

        held = SequenceMediator.from_xml(content, compiler)
    elif "." in local_name(content) and not local_name(content).startswith("{"):
        held = compiler.mediator(content)  # the configuration of a connector
    return LocalEntry(key, content, held)
