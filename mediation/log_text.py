"""Text that came with a message, in the log (``docs/compatibility.md``, log lines)."""

from __future__ import annotations

import re
from typing import Final

MAX_CHARACTERS: Final = 65_536
"""Of one value that came with a message; what is over is counted, not written."""

# Control characters, separators of lines and paragraphs, changes of direction, halves of surrogate pairs; not the tab.
_UNSAFE: Final = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def one_line(text: str) -> str:
    """
    Text that came with a message, so that it cannot end the line, forge another one or move a terminal's cursor.

    XML gets character references and JSON gets escapes (and blanks for line breaks between its parts), so both still
    say the same; other text gets backslash escapes.
    """
    if len(text) > MAX_CHARACTERS:
        text = f"{text[:MAX_CHARACTERS]}... ({len(text)} characters)"
    if text.isprintable():
        return text
    first = text.lstrip()[:1]
    if first == "<":
        return _UNSAFE.sub(lambda match: f"&#{ord(match[0])};", text)
    if first in ("{", "["):
        return _UNSAFE.sub(lambda match: " " if match[0] in "\r\n" else f"\\u{ord(match[0]):04x}", text)
    return _UNSAFE.sub(lambda match: match[0].encode("unicode_escape").decode(), text)
