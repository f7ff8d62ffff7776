"""``url-mapping``: which paths a resource takes, in the manner of servlets."""

from __future__ import annotations


class UrlMapping:
    """
    A compiled mapping: ``/exact/path``, ``/prefix/*`` or ``*.extension``. Queries do not count.

    Attributes:
        text: as it was written, without a trailing slash.
    """

    def __init__(self, text: str) -> None:
        self.text = text if text == "/" else text.removesuffix("/")
        self._prefix: list[str] | None = None
        self._extension: str | None = None
        if text.startswith("/") and text.endswith("/*"):
            self._prefix = [segment for segment in text[1:-2].split("/") if segment]
        elif text.startswith("*."):
            self._extension = text[1:]

    def is_exactly(self, path: str) -> bool:
        """
        Args:
            path: without a query; a slash at its end makes no difference.
        """
        return self._prefix is None and self._extension is None and (path.rstrip("/") or "/") == self.text

    def prefix_length(self, path: str) -> int:
        """How much of the path the prefix covers, to choose the longest; 0 if it does not."""
        if self._prefix is None:
            return 0
        if not self._prefix:
            return 1
        segments = path.lstrip("/").split("/")
        return len(self._prefix) if segments[: len(self._prefix)] == self._prefix else 0

    def has_extension(self, path: str) -> bool:
        return self._extension is not None and path.endswith(self._extension)
