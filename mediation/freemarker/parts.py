"""The source of a FreeMarker template, cut into texts, interpolations and directives."""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from xml.sax.saxutils import unescape

from mediation.errors import ExpressionSyntaxError, NotRunnable


class Part(NamedTuple):
    """A piece of the source: ``text``, ``value`` or a directive's name; ``line`` from 1."""

    kind: str
    text: str
    line: int
    is_end: bool = False


_TAG: Final = re.compile(r"<(?P<end>/?)(?P<mark>[#@])(?P<name>[A-Za-z_][\w.]*)")
_OPENING: Final = re.compile(r"<#--|</?[#@][A-Za-z_]|[$#]\{")
_CONTROL: Final = {"if", "elseif", "else", "list", "sep", "break", "continue", "switch", "case", "default"}
_KNOWN: Final = _CONTROL | {"assign", "global", "noparse", "compress"}
_QUOTES: Final = {"&quot;": '"', "&apos;": "'"}


def parts_of(source: str, *, from_xml: bool = False) -> list[Part]:
    """
    Args:
        from_xml: it was written as XML, whose escapes within ``${...}`` have to be undone.

    Raises:
        ExpressionSyntaxError: something has no end.
        NotRunnable: a directive that this version does not have.
    """
    parts = _parts(source)
    if not from_xml:
        return parts
    return [part._replace(text=unescape(part.text, _QUOTES)) if part.kind == "value" else part for part in parts]


def _parts(source: str) -> list[Part]:
    parts: list[Part] = []
    position = 0
    while match := _OPENING.search(source, position):
        line = source.count("\n", 0, match.start()) + 1
        if match.start() > position:
            parts.append(
                Part("text", source[position : match.start()], line - source[position : match.start()].count("\n"))
            )
        if match[0] == "<#--":
            end = source.find("-->", match.end())
            position = len(source) if end == -1 else end + 3
            parts.append(Part("comment", "", line))
        elif match[0].endswith("{"):
            if match[0] == "#{":
                raise NotRunnable("the FreeMarker interpolation #{...}", "use ${...}", line=line)
            position = _closing(source, match.end(), "}", line)
            parts.append(Part("value", source[match.end() : position - 1], line))
        else:
            position = _directive(source, match.start(), line, parts)
    if position < len(source):
        parts.append(Part("text", source[position:], source.count("\n", 0, position) + 1))
    return parts


def _directive(source: str, start: int, line: int, parts: list[Part]) -> int:
    tag = _TAG.match(source, start)
    assert tag is not None
    name = tag["name"]
    if tag["mark"] == "@" or name not in _KNOWN:
        what = f"<{tag['mark']}{name}>"
        raise NotRunnable(f"the FreeMarker directive {what}", "", line=line)
    end = _closing(source, tag.end(), ">", line)
    inner = source[tag.end() : end - 1].strip().removesuffix("/").strip()
    parts.append(Part(name, inner, line, bool(tag["end"])))
    if name == "noparse" and not tag["end"]:
        close = source.find("</#noparse>", end)
        if close == -1:
            raise ExpressionSyntaxError("<#noparse>", "it is not closed", line)
        parts[-1] = Part("text", source[end:close], line)
        return close + len("</#noparse>")
    return end


def _closing(source: str, position: int, wanted: str, line: int) -> int:
    """Behind the bracket that ends what begins at ``position``."""
    depth, quote = 0, ""
    while position < len(source):
        char = source[position]
        if quote:
            if char == "\\":
                position += 1
            elif char == quote:
                quote = ""
        elif char in "'\"":
            quote = char
        elif depth == 0 and char == wanted and source[position : position + 2] != ">=":
            return position + 1
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        position += 1
    raise ExpressionSyntaxError(source[-20:], f"{wanted} is missing", line)


def without_blank_lines(parts: list[Part]) -> list[Part]:
    """Without the lines that hold nothing but directives and blanks."""
    kept = list(parts)
    index = 0
    while index < len(parts):
        last = index
        if _is_tag(parts[index]):
            while last + 1 < len(parts) and _is_tag_or_blank(parts[last + 1]):
                last += 1
            if _begins_line(parts, index) and _ends_line(parts, last):
                if index:
                    kept[index - 1] = _changed(kept[index - 1], r"[ \t]*\Z")
                for between in range(index, last + 1):
                    kept[between] = _changed(kept[between], r"\A.*\Z")
                if last + 1 < len(parts):
                    kept[last + 1] = _changed(kept[last + 1], r"\A[ \t]*\r?\n")
        index = last + 1
    return kept


def _is_tag(part: Part) -> bool:
    return part.kind in _KNOWN or part.kind == "comment"


def _is_tag_or_blank(part: Part) -> bool:
    is_blank = part.kind == "text" and "\n" not in part.text and not part.text.strip()
    return is_blank or _is_tag(part)


def _begins_line(parts: list[Part], index: int) -> bool:
    if index == 0:
        return True
    before = parts[index - 1]
    return (
        before.kind == "text"
        and re.search(r"(?:\n|\A)[ \t]*\Z" if index == 1 else r"\n[ \t]*\Z", before.text) is not None
    )


def _ends_line(parts: list[Part], index: int) -> bool:
    if index + 1 == len(parts):
        return True
    after = parts[index + 1]
    return after.kind == "text" and re.match(r"[ \t]*\r?\n", after.text) is not None


def _changed(part: Part, pattern: str) -> Part:
    return part._replace(text=re.sub(pattern, "", part.text, count=1)) if part.kind == "text" else part
