"""
An edited tree as text, in the spelling of its author.

A tree knows what was written, not how: line breaks between attributes, quotes, CDATA sections and character references
are gone. So the text of the edited tree is compared with the author's text, piece by piece, and what means the same is
taken from the author.
"""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import groupby
from typing import Final, NamedTuple

from lxml import etree

from mediation.errors import XmlError
from mediation.payloads.xml import parse_xml

TOKEN: Final = re.compile(
    r"""<!--.*?-->
      | <!\[CDATA\[.*?\]\]>
      | <\?.*?\?>
      | <(?:[^<>"']++|"[^"]*"|'[^']*')*>
      | [^<]++""",
    re.DOTALL | re.VERBOSE,
)
"""A piece of well-formed XML without a DOCTYPE."""
ATTRIBUTE: Final = re.compile(r"""([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
REFERENCE: Final = re.compile(r"&(#x[0-9a-fA-F]+|#[0-9]+|lt|gt|amp|quot|apos);")
ENTITIES: Final = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}


class Piece(NamedTuple):
    """
    A tag, a text, a comment or a processing instruction.

    Attributes:
        meaning: equal for two spellings of the same.
        spelling: as it is written. The end of an element that is closed in its start tag has an empty one.
    """

    meaning: tuple[object, ...]
    spelling: str


def respell(root: etree._Element, original: str) -> str:
    """
    Write the whole document of ``root``, an edited tree of ``original``.

    What stands before and after the root element is taken from ``original``.
    """
    before, body, after = _split(original)
    plain = etree.tostring(root, encoding="unicode", with_tail=False)
    respelled = before + _join(_merge(list(_pieces(body)), list(_pieces(plain)))) + after
    try:
        same = canonical(parse_xml(respelled)) == canonical(root)
    except XmlError:
        same = False
    return respelled if same else before + plain + after


def canonical(root: etree._Element) -> bytes:
    """Canonical XML 1.0 with comments, of the element alone."""
    return etree.tostring(root, method="c14n", with_comments=True)


def _split(text: str) -> tuple[str, str, str]:
    """Cut a document into what precedes its root element, the root element, and the rest."""
    tags = [token for token in TOKEN.finditer(text) if re.match(r"<[^!?]", token[0])]
    start, end = tags[0].start(), tags[-1].end()
    return text[:start], text[start:end], text[end:]


def _pieces(text: str) -> Iterator[Piece]:
    tokens = (token[0] for token in TOKEN.finditer(text))
    # CDATA sections and the text around them are one text.
    for characters, group in groupby(tokens, lambda token: not token.startswith("<") or token.startswith("<![CDATA[")):
        if characters:
            parts = list(group)
            yield Piece(("text", "".join(_characters(part) for part in parts)), "".join(parts))
        else:
            for token in group:
                yield from _markup(token)


def _characters(token: str) -> str:
    if token.startswith("<![CDATA["):
        return _lines(token[9:-3])
    return _dereference(_lines(token))


def _markup(token: str) -> Iterator[Piece]:
    if token.startswith(("<!", "<?")):
        yield Piece(("other", _lines(token)), token)
    elif token.startswith("</"):
        yield Piece(("end", token[2:-1].strip()), token)
    else:
        name, *_ = re.split(r"[\s/>]", token[1:], maxsplit=1)
        yield Piece(("start", name, frozenset(_attributes(token))), token)
        if token.endswith("/>"):
            yield Piece(("end", name), "")


def _attributes(tag: str) -> Iterator[tuple[str, str]]:
    """Names and values. XML 1.0, 3.3.3: a line feed or tab that is written as such is read as a space."""
    for name, quoted, apostrophed in ATTRIBUTE.findall(tag):
        yield name, _dereference(re.sub(r"[\t\n]", " ", _lines(quoted or apostrophed)))


def _lines(text: str) -> str:
    """XML 1.0, 2.11: line ends are read as line feeds."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _dereference(text: str) -> str:
    return REFERENCE.sub(_referenced, text)


def _referenced(match: re.Match[str]) -> str:
    name = match[1]
    if name in ENTITIES:
        return ENTITIES[name]
    return chr(int(name[2:], 16) if name.startswith("#x") else int(name[1:]))


def _merge(author: list[Piece], edited: list[Piece]) -> list[Piece]:
    """The edited pieces, in the author's spelling where the meaning is the same."""
    head = _common(author, edited)
    tail = _common(author[head:][::-1], edited[head:][::-1])
    old, new = author[head : len(author) - tail], edited[head : len(edited) - tail]
    matcher = SequenceMatcher(None, [piece.meaning for piece in old], [piece.meaning for piece in new])
    merged = author[:head]
    for operation, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        if operation == "equal":
            merged += old[old_start:old_end]
        else:
            merged += _adapt(old[old_start:old_end], new[new_start:new_end])
    return merged + author[len(author) - tail :]


def _adapt(old: list[Piece], new: list[Piece]) -> Iterator[Piece]:
    """The new pieces; start tags whose attributes have changed keep the layout of the old ones."""
    tags = [piece for piece in old if piece.meaning[0] == "start"]
    for piece in new:
        if piece.meaning[0] == "start" and tags and tags[0].meaning[1] == piece.meaning[1]:
            piece = Piece(piece.meaning, _retag(tags.pop(0).spelling, piece.spelling))
        yield piece


def _retag(old: str, new: str) -> str:
    """The old tag with the new attributes: what is the same keeps its place, quotes and line breaks."""
    spellings = {match[1]: match[0] for match in ATTRIBUTE.finditer(new)}
    values = {name: value for name, value in _attributes(new)}
    tag, position = "", 0
    for match in ATTRIBUTE.finditer(old):
        between, position = old[position : match.start()], match.end()
        name = match[1]
        if name not in values:
            tag += between.rstrip()
        elif values[name] == dict(_attributes(match[0]))[name]:
            tag += between + match[0]
        else:
            tag += between + spellings[name]
        spellings.pop(name, None)
    return "".join([tag, *(f" {added}" for added in spellings.values()), old[position:]])


def _common(one: list[Piece], other: list[Piece]) -> int:
    """How many pieces at the start mean the same."""
    return next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a.meaning != b.meaning),
        min(len(one), len(other)),
    )


def _join(pieces: list[Piece]) -> str:
    """Write the pieces; an element that has got content since, or has lost it, is closed as it must be."""
    written = []
    closed = False  # by the start tag just written
    for piece, following in zip(pieces, [*pieces[1:], None], strict=True):
        spelling = piece.spelling
        kind, name = piece.meaning[:2]
        if kind == "end" and not spelling and not closed:
            spelling = f"</{name}>"
        closed = kind == "start" and spelling.endswith("/>")
        if closed and following is not None and following.spelling:
            spelling = spelling[:-2].rstrip() + ">"
            closed = False
        written.append(spelling)
    return "".join(written)
