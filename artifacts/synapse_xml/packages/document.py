"""
One XML file to the artifacts in it.

An artifact of a ``<definitions>`` file becomes a document of its own, cut out of the text rather than written anew:
comments, CDATA sections, line breaks inside tags and character references stay as the author wrote them, and lines can
be counted. Only the namespaces that ``<definitions>`` declared are added: prefixes of expressions need them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import quoteattr

from lxml import etree

from artifacts.synapse_xml.naming import NAMELESS
from mediation.compiler import KEPT_KINDS, artifact_name
from mediation.errors import XmlError
from mediation.findings import Finding, Severity
from mediation.grammar import ARTIFACTS, KNOWN_MEDIATORS, MEDIATORS, elements, local_name
from mediation.payloads.xml import SYNAPSE_NS, parse_xml

from . import transports
from .found import FoundArtifact, FoundTransport, Ignored, PackageError

NOT_CONFIGURATION: Final = frozenset({"artifact", "artifacts", "unit-test", "resources", "project"})
"""Roots of files that belong to a project or package, whatever their namespace."""

STRAY: Final = "mediators directly under <definitions> are read as the sequence main"

# Of a well-formed document without a DOCTYPE, so that nothing else can begin with "<".
_MARKUP: Final = re.compile(
    r"""<!--.*?--> | <!\[CDATA\[.*?\]\]> | <\?.*?\?>
      | <(?P<close>/?)(?P<tag>[^\s/>!?]+)(?:[^>"']++|"[^"]*"|'[^']*')*+>""",
    re.DOTALL | re.VERBOSE,
)
_DECLARED: Final = re.compile(r"\sxmlns(?::([^\s=]+))?\s*=")
_ENCODING: Final = re.compile(r"""\A(<\?xml[^>]*?\sencoding\s*=\s*)(["'])[^"']*\2""")


def read_document(file: str, content: bytes) -> list[FoundArtifact | FoundTransport | Ignored] | str:
    """
    Args:
        file: how to name the file.

    Returns:
        What it holds, in its order; or, if it is no configuration, the reason.

    Raises:
        PackageError: not well-formed, with a DOCTYPE, or too deep.
    """
    try:
        root = parse_xml(content)
    except XmlError as exc:
        raise PackageError(file, exc.message, exc.line) from exc
    kind = local_name(root)
    if kind == "definitions":
        return list(_Definitions(file, root, _text(root, content)).found())
    if kind in transports.AXIS2_ROOTS:
        return list(transports.read_axis2(file, root))
    if is_artifact(root):
        text = _text(root, content)
        tag = next(match for match in _MARKUP.finditer(text) if match["tag"])
        return [FoundArtifact(file, _line(text, tag.start()), kind, _name(root), text)]
    return f"<{kind}> is not Synapse configuration"


def is_artifact(element: etree._Element) -> bool:
    """Whether an element that stands alone is to be stored; unknown ones of the Synapse namespace are."""
    kind = local_name(element)
    if kind in ARTIFACTS or kind in KEPT_KINDS:
        return True
    return etree.QName(element).namespace == SYNAPSE_NS and kind not in NOT_CONFIGURATION


def is_stray_mediator(element: etree._Element) -> bool:
    """Whether a child of ``<definitions>`` is a step of the sequence ``main`` rather than an artifact."""
    kind = local_name(element)
    if kind in ARTIFACTS or kind in KEPT_KINDS:
        return False
    return (
        kind in MEDIATORS
        or kind in KNOWN_MEDIATORS
        or "." in kind.rpartition("}")[2]
        or kind.endswith(("}rule", "}throttle"))
    )


def _name(element: etree._Element) -> str:
    kind = local_name(element)
    return artifact_name(element) or (kind if kind in NAMELESS else "")


def _text(root: etree._Element, content: bytes) -> str:
    """The document as text, whose declaration says what is true of text that is stored: UTF-8."""
    encoding = root.getroottree().docinfo.encoding or "utf-8"
    try:
        # A byte order mark overrules what the declaration claims.
        for mark, marked in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
            if content.startswith(mark):
                encoding = marked
        text = content.decode(encoding)
    except (LookupError, UnicodeDecodeError):
        text = etree.tostring(root.getroottree(), encoding="unicode")
    return _ENCODING.sub(r"\1\2UTF-8\2", text)


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


@dataclass(frozen=True, slots=True)
class _Slice:
    """The part of the text that one child of ``<definitions>`` takes."""

    lead: int
    """Where the comments right before it start; ``start`` if there are none."""
    start: int
    end: int


class _Definitions:
    """Cuts one ``<definitions>`` document up."""

    def __init__(self, file: str, root: etree._Element, text: str) -> None:
        self.file = file
        self.root = root
        self.text = text

    def found(self) -> Iterator[FoundArtifact | Ignored]:
        strays: list[_Slice] = []
        children = list(elements(self.root))
        for element, part in zip(children, self._slices(), strict=True):
            if local_name(element) == "description":
                yield Ignored(self.file, "the <description> of <definitions> is not kept", _line(self.text, part.start))
            elif is_stray_mediator(element):
                strays.append(part)
            else:
                yield self._artifact(element, part)
        if strays:
            yield self._main(strays)
        if not children:
            yield Ignored(self.file, "<definitions> is empty", _line(self.text, 0))

    def _slices(self) -> Iterator[_Slice]:
        depth = 0
        start = lead = -1
        for match in _MARKUP.finditer(self.text):
            if not match["tag"]:
                if depth == 1 and lead < 0 and match[0].startswith("<!--"):
                    lead = match.start()
                continue
            if match["close"]:
                depth -= 1
            else:
                if depth == 1:
                    start = match.start()
                if not match[0].endswith("/>"):
                    depth += 1
                elif depth == 0:
                    return  # <definitions/>
            if depth == 1 and start >= 0:
                yield _Slice(start if lead < 0 else lead, start, match.end())
                start = lead = -1

    def _artifact(self, element: etree._Element, part: _Slice) -> FoundArtifact:
        text = self.text[part.lead : part.start] + self._declared(part)
        return FoundArtifact(
            self.file,
            _line(self.text, part.start),
            local_name(element),
            _name(element),
            text,
            ((1, _line(self.text, part.lead)),),
        )

    def _declared(self, part: _Slice) -> str:
        """The element's text, with the namespaces of ``<definitions>`` that it uses."""
        tag = _MARKUP.match(self.text, part.start)
        assert tag is not None
        body = self.text[part.start : part.end]
        own = {match[1] for match in _DECLARED.finditer(tag[0])}
        after = tag.end("tag") - part.start
        return body[:after] + self._declarations(body, own) + body[after:]

    def _declarations(self, body: str, own: set[str | None]) -> str:
        # Prefixes occur in expressions too, which is text to XML; hence the search in all of it.
        return "".join(
            f" xmlns={quoteattr(uri)}" if prefix is None else f" xmlns:{prefix}={quoteattr(uri)}"
            for prefix, uri in self.root.nsmap.items()
            if prefix not in own and (prefix is None or f"{prefix}:" in body)
        )

    def _main(self, strays: list[_Slice]) -> FoundArtifact:
        bodies = [self.text[part.lead : part.end] for part in strays]
        # A prefix on <definitions> itself says that its namespace is not the default one.
        prefix = f"{self.root.prefix}:" if self.root.prefix else ""
        tag = f"{prefix}sequence"
        lines = [f'<{tag}{self._declarations(f"<{tag}" + "".join(bodies), set())} name="main">']
        chunks = []
        for part, body in zip(strays, bodies, strict=True):
            chunks.append((len(lines) + 1, _line(self.text, part.lead)))
            lines += f"    {body}".split("\n")
        lines.append(f"</{tag}>")
        line = _line(self.text, strays[0].start)
        remark = Finding(Severity.WARNING, STRAY, line, "import.stray-mediators")
        return FoundArtifact(self.file, line, "sequence", "main", "\n".join(lines), tuple(chunks), (remark,))
