"""A URI in its parts, as ``<rewrite>`` and conditions on URLs name them."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import Final

FRAGMENTS: Final = ("protocol", "user", "host", "port", "path", "query", "ref")
"""Names of the parts; ``full`` is the URI itself."""

# RFC 3986, appendix B, with the authority taken apart.
_URI: Final = re.compile(
    r"(?:(?P<protocol>[A-Za-z][A-Za-z0-9+.-]*):)?"
    r"(?://(?:(?P<user>[^/?#@]*)@)?(?P<host>\[[^\]]*\]|[^/?#:]*)(?::(?P<port>\d*))?)?"
    r"(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#(?P<ref>.*))?",
    re.DOTALL,
)


@dataclass(slots=True)
class UriFragments:
    """The parts of one URI; ``None`` for one that it does not have. ``port`` is text."""

    protocol: str | None = None
    user: str | None = None
    host: str | None = None
    port: str | None = None
    path: str | None = None
    query: str | None = None
    ref: str | None = None

    @classmethod
    def parse(cls, uri: str) -> UriFragments:
        match = _URI.fullmatch(uri)
        assert match is not None, "every part may be missing, so this matches any text"
        parts = {name: value or None for name, value in match.groupdict().items()}
        return cls(**parts | {"host": match["host"]})  # local:///x has an empty one

    def get(self, name: str) -> str | None:
        """One part; for ``full`` the URI."""
        if name == "full":
            return str(self)
        value: str | None = getattr(self, name)
        return value

    def set(self, name: str, value: str | None) -> None:
        """Replace one part; for ``full`` all of them."""
        if name == "full":
            parsed = UriFragments.parse(value or "")
            for field in dataclasses.fields(self):
                setattr(self, field.name, getattr(parsed, field.name))
        else:
            setattr(self, name, value or None)

    def __str__(self) -> str:
        text = f"{self.protocol}:" if self.protocol else ""
        if self.host is not None:
            user = f"{self.user}@" if self.user else ""
            port = f":{self.port}" if self.port else ""
            text += f"//{user}{self.host}{port}"
            if self.path and not self.path.startswith("/"):
                text += "/"
        text += self.path or ""
        text += f"?{self.query}" if self.query else ""
        return text + (f"#{self.ref}" if self.ref else "")
