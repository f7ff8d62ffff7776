"""``<localEntry>``: text, XML or a URL that other artifacts use by key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mediation.errors import GrammarError, NotRunnable
from mediation.grammar import artifact, elements, local_name

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler


@dataclass(frozen=True, slots=True)
class LocalEntry:
    """
    A value by key.

    Attributes:
        value: text, or an element; the element is shared, so copy it before changing it.
        artifact: the compiled sequence or endpoint, when the entry holds one.
    """

    key: str
    value: str | etree._Element
    artifact: object = None


@artifact("localEntry")
def read_local_entry(element: etree._Element, compiler: Compiler) -> LocalEntry:
    """
    Raises:
        GrammarError: there is no key.
        NotRunnable: the value lies behind a URL.
    """
    key = element.get("key")
    if not key:
        raise GrammarError.missing("localEntry", 'the attribute "key"', element.sourceline)
    if element.get("src") is not None:
        raise NotRunnable("a local entry with src", "put the content into the entry itself", line=element.sourceline)
    content = [child for child in elements(element) if local_name(child) != "description"]
    if not content:
        return LocalEntry(key, (element.text or "").strip())
    first = content[0]
    held: object = None
    if local_name(first) == "endpoint":
        held = compiler.endpoint(first)
    elif local_name(first) == "sequence" and first.get("name"):
        from mediation.mediators.sequence import SequenceMediator

        held = SequenceMediator.from_xml(first, compiler)
    return LocalEntry(key, first, held)
