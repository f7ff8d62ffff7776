"""Secrets that an artifact names, but does not contain."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MAX_SECRET: Final = 64 * 1024
"""Bytes of a file that holds a secret."""


class SecretUnavailable(Exception):
    """A secret is not where its reference says. The text names the place, never what is there."""


@dataclass(frozen=True, slots=True)
class SecretReference:
    """
    Where a secret is: ``$SYSTEM:NAME`` in an environment variable, ``$FILE:/path`` in a file.

    It is looked up when it is needed, and never stored, shown or exported with the artifact.
    """

    source: str
    name: str

    @classmethod
    def parse(cls, text: str) -> SecretReference:
        """
        Raises:
            ValueError: it is no reference. The text is not repeated, because it may be the secret itself.
        """
        source, colon, name = text.removeprefix("$").partition(":")
        if not text.startswith("$") or not colon or not name or source not in ("SYSTEM", "FILE"):
            raise ValueError("is to be named, not written here: $SYSTEM:VARIABLE or $FILE:/path")
        if source == "FILE" and not Path(name).is_absolute():
            raise ValueError("names a file whose path is not absolute")
        return cls(source, name)

    def resolve(self) -> str:
        """
        The secret; a line break at its end does not belong to it. Reads a file, so not for the event loop.

        Raises:
            SecretUnavailable: there is none.
        """
        try:
            secret = os.environ[self.name] if self.source == "SYSTEM" else self._read()
        except (KeyError, OSError, ValueError) as exc:
            raise SecretUnavailable(f"the secret {self} cannot be read: {type(exc).__name__}") from exc
        if not secret.rstrip("\r\n"):
            raise SecretUnavailable(f"the secret {self} is empty")
        return secret.rstrip("\r\n")

    def _read(self) -> str:
        with open(self.name, "rb") as file:
            content = file.read(MAX_SECRET + 1)
        if len(content) > MAX_SECRET:
            raise ValueError("too large")
        return content.decode()

    def __str__(self) -> str:
        return f"${self.source}:{self.name}"
