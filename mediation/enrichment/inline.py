"""Content of an ``<enrich>`` that stands in the configuration, with expressions in braces or without."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape, unescape

from lxml import etree

from mediation.errors import MediationError, PayloadError, XmlError
from mediation.expressions.inline import expressions_in
from mediation.expressions.jsonpath import MISSING
from mediation.payloads.json_text import dumps, loads
from mediation.payloads.nodes import own_copy
from mediation.payloads.xml import parse_xml, to_text

if TYPE_CHECKING:
    from mediation.expressions import Expression
    from mediation.message import MessageContext

_BRACES: Final = re.compile(r'\{[^\s",<>}\]]+\}')
_BARE_WORD: Final = re.compile(r"""[^\s{}\[\]:;,"'#/\\=]+""")


def lenient_json(text: str) -> Any:
    """The JSON value that the text is, with a bare word taken for a string as in the originals, or ``MISSING``."""
    try:
        return loads(text)
    except PayloadError:
        word = text.strip()
        return word if _BARE_WORD.fullmatch(word) else MISSING


class Inline:
    """
    An XML element or text.

    Args:
        content: the element, which is copied for each message, or the text.
        compile_: compiles an expression that stands in braces.

    Raises:
        ExpressionSyntaxError, NotRunnable: an expression that cannot be used.
    """

    __slots__ = ("_element", "_expressions", "_literals", "_text")

    def __init__(self, content: etree._Element | str, compile_: Callable[[str], Expression]) -> None:
        self._element = None if isinstance(content, str) else own_copy(content)
        self._text = content if isinstance(content, str) else to_text(content)
        self._literals: list[str] = []
        self._expressions: list[Expression] = []
        position = 0
        for start, end in _placeholders(self._text):
            self._literals.append(self._text[position:start])
            self._expressions.append(compile_(_expression(self._text[start:end], isinstance(content, str))))
            position = end
        self._literals.append(self._text[position:])

    @property
    def is_xml(self) -> bool:
        """Whether it is XML, or text that cannot be JSON. What its expressions give is not known yet."""
        return self._element is not None or (not self._expressions and lenient_json(self._text) is MISSING)

    def node(self, ctx: MessageContext) -> etree._Element | str:
        """
        The element, which is the caller's, or the text.

        Raises:
            MediationError: what the expressions gave does not leave XML.
        """
        if self._element is None:
            return self._filled(ctx, lambda text, before, after: text)
        if not self._expressions:
            return own_copy(self._element)
        filled = self._filled(ctx, _in_xml)
        try:
            return parse_xml(filled)
        except XmlError as exc:
            raise MediationError(f"Invalid XML in the inline source of <enrich>: {exc.message}") from exc

    def json(self, ctx: MessageContext) -> Any:
        """
        The JSON value.

        Raises:
            MediationError: what the expressions gave does not leave JSON.
        """
        value = lenient_json(self._filled(ctx, _in_json))
        if value is MISSING:
            raise MediationError("Invalid JSON in the inline source of <enrich>")
        return value

    def _filled(self, ctx: MessageContext, convert: Callable[[str, str, str], str]) -> str:
        if not self._expressions:
            return self._text
        written = [self._literals[0]]
        for expression, literal in zip(self._expressions, self._literals[1:], strict=True):
            written += (convert(expression.string(ctx) or "", written[-1], literal), literal)
        return "".join(written)


def _placeholders(text: str) -> list[tuple[int, int]]:
    """Where each ``${expression}`` and ``{expression}`` begins and ends, in order."""
    dollars = list(expressions_in(text))
    braces = [match.span() for match in _BRACES.finditer(text)]
    return sorted(
        dollars + [span for span in braces if not any(start < span[1] and span[0] < end for start, end in dollars)]
    )


def _expression(placeholder: str, is_text: bool) -> str:
    source = placeholder if placeholder.startswith("$") else placeholder[1:-1]
    return source if is_text else unescape(source)


def _in_xml(text: str, before: str, after: str) -> str:
    """XML as it is, other text escaped; in a tag, where only an attribute can be, escaped in any case."""
    in_tag = before.rfind("<") > before.rfind(">")
    if not in_tag and text.lstrip().startswith("<"):
        try:
            parse_xml(text)
        except XmlError:
            pass
        else:
            return text
    return escape(text, {'"': "&quot;"})


def _in_json(text: str, before: str, after: str) -> str:
    """
    JSON as it is, any other text as a string.

    In quotes text gets no more of them, but nothing at all does, which leaves no JSON: configurations rely on the fault
    that a missing property is.
    """
    if text and before.endswith('"') and after.startswith('"'):
        return dumps(text)[1:-1]
    try:
        loads(text)
    except PayloadError:
        return dumps(text)
    return text
