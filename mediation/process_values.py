"""What whoever runs the process has set: environment variables, and the properties of a file."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path
from typing import Final

from django.conf import settings

MAX_FILE: Final = 1024 * 1024
"""Bytes of the file with properties; a larger one has none."""

PRIVATE: Final = frozenset({"SECRET_KEY", "DATABASE_URL"})
"""Variables that are the server's own, and no artifact's business."""


def environment_variable(name: str) -> str | None:
    return None if name in PRIVATE else os.environ.get(name)


def file_property(name: str) -> str | None:
    """
    Of the file in the setting ``ESB_PROPERTIES_FILE``; ``None`` if it cannot be read.

    Looks at the file each time, and reads it again when it has changed.
    """
    path = Path(settings.ESB_PROPERTIES_FILE)
    try:
        status = path.stat()
        found = _read(path, status.st_mtime_ns, status.st_size) if status.st_size <= MAX_FILE else {}
    except (OSError, UnicodeDecodeError):
        return None
    return found.get(name)


@lru_cache(maxsize=1)
def _read(path: Path, modified: int, size: int) -> dict[str, str]:
    return parse_properties(path.read_text("utf-8"))


_KEY: Final = re.compile(r"(?P<key>(?:\\.|[^\\=:\s])+)\s*[=:\s]?\s*(?P<value>.*)", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_CONTROLS: Final = {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}


def parse_properties(text: str) -> dict[str, str]:
    """A Java properties file: ``key=value``, ``key: value``, comments, escapes, and lines that go on."""
    found = {}
    for line in re.sub(r"(?<!\\)((?:\\\\)*)\\\r?\n[ \t]*", r"\1", text).splitlines():
        match = _KEY.fullmatch(line.strip())
        if match and not line.lstrip().startswith(("#", "!")):
            found[_unescaped(match["key"])] = _unescaped(match["value"])
    return found


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)) if match[1] else _CONTROLS.get(match[2], match[2]), text)
