"""
E4X (ECMA-357) as plain JavaScript.

Scripts for the originals' Rhino write XML as literals and walk it with operators of its own::

    mc.setPayloadXML(<m:order xmlns:m="urn:x"><m:symbol>{symbol}</m:symbol></m:order>);
    var symbol = mc.getPayloadXML()..*::symbol.toString();

Literals become calls, operators become properties with names that the XML values of ``facade.js`` understand:
``x.name``, ``x["@id"]``, ``x["{uri}name"]`` (``{*}``: any namespace) and ``x["..name"]`` for descendants.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

_IDENTIFIER: Final = re.compile(r"[A-Za-z_$\u0080-\uffff][\w$\u0080-\uffff]*")
_NUMBER: Final = re.compile(r"0[xXoObB][\da-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_SPACE: Final = re.compile(r"\s+")
_COMMENT: Final = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_STRING: Final = re.compile(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"", re.DOTALL)
_REGEX: Final = re.compile(r"/(?![*/])(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
_XML_START: Final = re.compile(r"<(?:[A-Za-z_{\u0080-\uffff]|>|!--|!\[CDATA\[|\?)")
_ASSIGNED: Final = re.compile(r"[\w$][\w$.\[\]\"'{}*@]*\s*$")
_DEFAULT_NAMESPACE: Final = re.compile(r"default\s+xml\s+namespace\s*=")
_FOR_EACH: Final = re.compile(r"for\s+each\s*\(")
_NAME: Final = re.compile(r"@?(?:\*|[A-Za-z_][\w.-]*)")

_BEFORE_OPERAND: Final = frozenset(
    {"return", "typeof", "case", "in", "of", "delete", "void", "new", "throw", "else", "do", "instanceof", "yield"}
)
_JAVA: Final = frozenset({"Packages", "Java", "java", "javax", "org", "com"})
_JAVA_CALLS: Final = frozenset({"importPackage", "importClass", "JavaImporter", "JavaAdapter"})


class E4xError(ValueError):
    """XML that does not end, or an operator without a name. The message says where."""


@dataclass
class Translation:
    """
    A script as plain JavaScript.

    Attributes:
        java: names by which the script reaches for Java, which there is none of.
    """

    text: str
    java: list[str] = field(default_factory=list)


def translate(source: str) -> Translation:
    """
    Raises:
        E4xError: the XML in it is not well-formed enough to find its end.
    """
    translator = _Translator(source)
    text = translator.code(closing="")
    return Translation(text, translator.java)


class _Translator:
    """Walks over a script once, and writes what it becomes."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self.java: list[str] = []

    # -- JavaScript

    def code(self, closing: str) -> str:
        """Translate up to the unmatched closing bracket, or to the end."""
        source, out = self._source, _Output()
        depth: list[tuple[str, bool]] = []  # each open bracket, and whether it is that of a "for each"
        while self._at < len(source):
            char = source[self._at]
            if char == closing and not depth:
                return out.text()
            if (match := _SPACE.match(source, self._at) or _COMMENT.match(source, self._at)) is not None:
                out.add(self._take(match), significant=False)
            elif char in "'\"" and (match := _STRING.match(source, self._at)) is not None:
                out.add(self._take(match))
            elif char == "`":
                out.add(self._template())
            elif out.wants_operand and (match := _REGEX.match(source, self._at)) is not None:
                out.add(self._take(match))
            elif out.wants_operand and _XML_START.match(source, self._at) is not None:
                self._literal(out)
            elif (match := _DEFAULT_NAMESPACE.match(source, self._at)) is not None:
                self._at = match.end()
                out.add("__defaultNamespace = ")
                out.wants_operand = True
            elif (match := _FOR_EACH.match(source, self._at)) is not None:
                self._at = match.end()
                out.add("for (")
                out.wants_operand = True
                depth.append((")", True))
            elif (match := _IDENTIFIER.match(source, self._at)) is not None:
                self._word(match, out, each=bool(depth) and depth[-1][1])
            elif (match := _NUMBER.match(source, self._at)) is not None and out.wants_operand:
                out.add(self._take(match))
            elif char == "." and not out.wants_operand and self._operator(out):
                pass
            elif char == "@" and out.wants_operand:
                # In a filter: an attribute of the element in question.
                self._at -= 1
                out.add("__each")
                self._operator(out)
            elif char in "([{":
                depth.append(({"(": ")", "[": "]", "{": "}"}[char], False))
                self._at += 1
                out.add(char)
                out.wants_operand = True
            elif char in ")]}":
                each = bool(depth) and depth.pop()[1]
                self._at += 1
                out.add("))" if each else char)
                out.wants_operand = char == "}"
            else:
                self._at += 1
                out.add(char)
                out.wants_operand = True
        if closing:
            raise E4xError(f'"{closing}" is missing at the end')
        return out.text()

    def _take(self, match: re.Match[str]) -> str:
        self._at = match.end()
        return match[0]

    def _word(self, match: re.Match[str], out: _Output, *, each: bool) -> None:
        word = self._take(match)
        is_member = out.last == "."
        if each and word == "in":
            out.add("of __values(")
            out.wants_operand = True
            return
        follows = self._source[self._at :].lstrip()[:1]
        if not is_member and ((word in _JAVA and follows == ".") or word in _JAVA_CALLS):
            self.java.append(word)
        out.add(word)
        out.wants_operand = word in _BEFORE_OPERAND and not is_member

    def _template(self) -> str:
        out, source = ["`"], self._source
        self._at += 1
        while self._at < len(source):
            char = source[self._at]
            if char == "\\":
                out.append(source[self._at : self._at + 2])
                self._at += 2
            elif source.startswith("${", self._at):
                self._at += 2
                out.append("${" + self.code("}") + "}")
                self._at += 1
            else:
                out.append(char)
                self._at += 1
                if char == "`":
                    return "".join(out)
        raise E4xError("a template string does not end")

    # -- operators

    def _operator(self, out: _Output) -> bool:
        """``..name``, ``.@name``, ``.*``, ``.ns::name``, ``.(filter)``; ``False`` for an ordinary member."""
        source = self._source
        deep = source.startswith("..", self._at)
        at = self._at + (2 if deep else 1)
        while source[at : at + 1].isspace():
            at += 1
        if source[at : at + 1] == "(" and not deep:
            self._at = at + 1
            condition = self.code(")")
            self._at += 1
            out.add(f".__filter(function (__each) {{ with (__each) {{ return ({condition}); }} }})")
            return True
        match = _NAME.match(source, at)
        prefix = ".." if deep else ""
        if match is None:
            if source.startswith("@[", at):
                self._at = at + 2
                out.add(f'["{prefix}@" + ({self.code("]")})]')
                self._at += 1
                return True
            return False
        name = match[0]
        qualified = source.startswith("::", match.end())
        if not qualified and not deep and not name.startswith(("@", "*")):
            return False
        # What follows "." in a name belongs to the next operator.
        name, self._at = (name, match.end()) if qualified else self._cut(name, match.start())
        if not qualified:
            out.add(f'["{prefix}{name}"]')
            return True
        self._qualified(out, prefix, name)
        return True

    def _cut(self, name: str, start: int) -> tuple[str, int]:
        name = re.split(r"[.-]", name, maxsplit=1)[0]
        return name, start + len(name)

    def _qualified(self, out: _Output, prefix: str, namespace: str) -> None:
        self._at += 2
        at = "@" if namespace.startswith("@") else ""
        uri = namespace.removeprefix("@")
        head = f'"{prefix}{at}{{*}}"' if uri == "*" else f'"{prefix}{at}" + __uri({uri})'
        if self._source.startswith("[", self._at):
            self._at += 1
            out.add(f"[{head} + ({self.code(']')})]")
            self._at += 1
            return
        match = _NAME.match(self._source, self._at)
        if match is None:
            raise E4xError('a name is missing after "::"')
        name, self._at = self._cut(match[0], match.start())
        out.add(f'[{head} + "{name}"]')

    # -- XML literals

    def _literal(self, out: _Output) -> None:
        parts = self._xml()
        literal = f"__literal({' + '.join(parts)})"
        left = _ASSIGNED.search(out.text_before("+=")) if out.last == "+=" else None
        if left is not None:
            # "+=" on XML makes a list, and only the facade knows whether this is XML.
            target = left[0].rstrip()
            out.replace_tail(left.start(), f"{target} = __plus({target}, {literal})")
        else:
            out.add(literal)
        out.wants_operand = False

    def _xml(self) -> list[str]:
        """The pieces of a literal as JavaScript strings and expressions."""
        source, parts, text = self._source, [], [""]
        open_tags = 0

        def end_text() -> None:
            if text[0]:
                parts.append(_string(text[0]))
            text[0] = ""

        def hole(function: str) -> None:
            end_text()
            self._at += 1
            parts.append(f"{function}({self.code('}')})")
            self._at += 1

        while self._at < len(source):
            rest = source[self._at : self._at + 9]
            if rest.startswith(("<!--", "<![CDATA[", "<?")):
                end = {"<!": "]]>" if rest.startswith("<![") else "-->", "<?": "?>"}[rest[:2]]
                stop = source.find(end, self._at)
                if stop < 0:
                    raise E4xError(f'"{end}" is missing')
                if rest.startswith("<![CDATA["):
                    text[0] += source[self._at : stop + len(end)]
                self._at = stop + len(end)
            elif rest.startswith("</"):
                stop = source.find(">", self._at)
                if stop < 0:
                    raise E4xError('">" is missing in an end tag')
                open_tags -= 1
                self._end_tag(stop, text, end_text, parts)
            elif rest.startswith("<"):
                open_tags += 0 if self._start_tag(text, hole) else 1
            elif rest.startswith("{"):
                hole("__content")
            else:
                text[0] += source[self._at]
                self._at += 1
            if open_tags == 0 and (text[0] or parts):
                break
        if open_tags:
            raise E4xError("an XML literal does not end")
        end_text()
        return parts

    def _end_tag(self, stop: int, text: list[str], end_text: Callable[[], None], parts: list[str]) -> None:
        tag = self._source[self._at : stop + 1]
        if "{" in tag:
            text[0] += "</"
            self._at += tag.index("{")
            end_text()
            self._at += 1
            parts.append(f"String({self.code('}')})")
            self._at = self._source.index(">", self._at) + 1
            text[0] += ">"
        else:
            text[0] += "</__list>" if tag == "</>" else tag
            self._at = stop + 1

    def _start_tag(self, text: list[str], hole: Callable[[str], None]) -> bool:
        """Whether the tag is one of an empty element."""
        source = self._source
        if source.startswith("<>", self._at):
            text[0] += "<__list>"
            self._at += 2
            return False
        text[0] += "<"
        self._at += 1
        quote = ""
        while self._at < len(source):
            char = source[self._at]
            if quote:
                text[0] += char
                quote = "" if char == quote else quote
            elif char in "'\"":
                quote = char
                text[0] += char
            elif char == "{":
                hole("__attribute" if text[0].rstrip().endswith("=") else "String")
                continue
            elif char == ">":
                empty = text[0].endswith("/")
                text[0] += char
                self._at += 1
                return empty
            else:
                text[0] += char
            self._at += 1
        raise E4xError("a start tag does not end")


class _Output:
    """What has been written, and what may come next."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self.last = ""
        """The last thing that is neither space nor comment."""
        self.wants_operand = True
        """Whether a slash begins a regular expression, and an angle bracket XML."""

    def add(self, text: str, *, significant: bool = True) -> None:
        self._parts.append(text)
        if significant:
            self.last = "+=" if text == "=" and self.last == "+" else text
            self.wants_operand = False

    def text(self) -> str:
        return "".join(self._parts)

    def text_before(self, operator: str) -> str:
        return self.text().rstrip().removesuffix(operator)

    def replace_tail(self, start: int, text: str) -> None:
        self._parts = [self.text()[:start], text]
        self.last = text


def _string(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\r", "").replace("\n", "\\n")
    return '"' + escaped.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029") + '"'
