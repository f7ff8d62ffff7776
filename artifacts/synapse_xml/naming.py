"""What an element is as an artifact: its kind and its name."""

from typing import Final, NamedTuple

from lxml import etree

from mediation.compiler import artifact_name
from mediation.errors import GrammarError
from mediation.grammar import local_name

NAMELESS: Final = frozenset({"registry", "taskManager"})
"""A configuration has one of each, so they need no name; their rows are named as their element."""

MAX_NAME: Final = 255


class Identity(NamedTuple):
    kind: str
    name: str


def identity(element: etree._Element) -> Identity:
    """
    Raises:
        GrammarError: the element cannot be stored, because it is no single artifact or has no name.
    """
    kind = local_name(element)
    line = element.sourceline
    if kind == "definitions":
        raise GrammarError("<definitions> holds several artifacts; each of them is stored on its own", line)
    name = artifact_name(element) or (kind if kind in NAMELESS else "")
    if not name:
        raise GrammarError.missing(kind, f'the attribute "{"key" if kind == "localEntry" else "name"}"', line)
    for what, text in (("name", name), ("element", kind)):
        if len(text) > MAX_NAME:
            raise GrammarError(f"<{kind[:40]}> has a {what} of more than {MAX_NAME} characters", line)
    return Identity(kind, name)
