"""What browsers may do with an API from pages of other origins (Fetch standard, 3.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mediation.grammar import elements, local_name

if TYPE_CHECKING:
    from lxml import etree

    from mediation.headers import Headers

Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Cors:
    """
    Attributes:
        allowed_origins: such as ``https://shop.example``; ``*`` for all; none switches it off.
        allowed_headers: of requests, separated by commas.
        allowed_methods: instead of those of the resource.
        allow_credentials: for listed origins only; a browser takes no credentials for ``*``.
    """

    allowed_origins: tuple[str, ...] = ()
    allowed_headers: str = ""
    allowed_methods: str = ""
    allow_credentials: bool = False

    def fields(self, headers: Headers, methods: str) -> Fields:
        """
        Header fields of the answer to this request; none for an origin that is not allowed.

        Args:
            methods: those of the resource, separated by commas.
        """
        origin = headers.get("Origin")
        if origin is None:
            return ()
        if "*" in self.allowed_origins:
            allowed: Fields = (("Access-Control-Allow-Origin", "*"),)
        elif origin in self.allowed_origins:
            allowed = (("Access-Control-Allow-Origin", origin), ("Vary", "Origin"))
            if self.allow_credentials:
                allowed = (*allowed, ("Access-Control-Allow-Credentials", "true"))
        else:
            return ()
        allowed = (*allowed, ("Access-Control-Allow-Methods", self.allowed_methods or methods))
        return (*allowed, ("Access-Control-Allow-Headers", self.allowed_headers)) if self.allowed_headers else allowed


NO_CORS = Cors()


def read_cors_handler(element: etree._Element) -> Cors:
    """``<handler class="...CORSRequestHandler">`` with its properties."""
    given = {
        part.get("name", "").lower(): part.get("value", "")
        for part in elements(element)
        if local_name(part) == "property"
    }
    return Cors(
        allowed_origins=tuple(each.strip() for each in given.get("allowedorigins", "*").split(",") if each.strip()),
        allowed_headers=given.get("allowheaders", ""),
        allowed_methods=given.get("allowedmethods", ""),
        allow_credentials=given.get("allowcredentials", "").lower() == "true",
    )
