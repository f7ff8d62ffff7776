"""
Secrets by alias, for ``wso2:vault-lookup('alias')`` and ``wso2-vault('alias')``.

They are files in one directory, named as their aliases, as Docker and Kubernetes mount them. The files are read when a
configuration is deployed; a message only looks into memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from mediation.process_values import environment_variable

MAX_SECRET: Final = 64 * 1024
"""Bytes of a file; a larger one holds no secret."""
MAX_SECRETS: Final = 1000


class Vault:
    """The secrets of this process. Refreshed by one thread, read by any."""

    def __init__(self) -> None:
        self._secrets: Mapping[str, str] = MappingProxyType({})

    def refresh(self, directory: Path) -> None:
        """Read all files; what cannot be read is no secret. Blocks."""
        secrets: dict[str, str] = {}
        try:
            files = sorted(path for path in directory.iterdir() if not path.name.startswith("."))
        except OSError:
            files = []
        for path in files[:MAX_SECRETS]:
            try:
                if path.is_file() and path.stat().st_size <= MAX_SECRET:
                    secrets[path.name] = path.read_text("utf-8").rstrip("\r\n")
            except (OSError, UnicodeDecodeError):
                continue
        self._secrets = MappingProxyType(secrets)

    def lookup(self, alias: str, kind: str = "") -> str:
        """
        Args:
            kind: ``ENV`` takes an environment variable; anything else the file.

        Raises:
            ValueError: there is no such secret. The text has the alias alone.
        """
        found = environment_variable(alias) if kind == "ENV" else self._secrets.get(alias)
        if found is None:
            raise ValueError(f'there is no secret "{alias}"')
        return found


vault: Final = Vault()
"""The one of this process."""
