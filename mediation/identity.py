"""Who a client is, and what it has shown to prove it."""

from __future__ import annotations

import time
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, Final

from mediation.properties import AUTH_CLAIMS, AUTH_SCHEME, USER, USER_GROUPS

BASIC: Final = "basic"
SESSION: Final = "session"
BEARER: Final = "bearer"
CERTIFICATE: Final = "certificate"

SCHEMES: Final = (BASIC, SESSION, BEARER, CERTIFICATE)
"""How clients can prove who they are."""

BY_BROWSERS: Final = frozenset({BASIC, SESSION, CERTIFICATE})
"""Those that a browser sends along with whatever a page asks it for, its user's consent or not."""


@dataclass(frozen=True, slots=True)
class Identity:
    """
    Who a client has proved to be.

    Attributes:
        user: name of the user; for a JWT, what its user claim says.
        claims: the claims of a JWT as JSON; empty for other schemes.
        expires: POSIX time after which the proof proves nothing any more; ``None`` if that is not known.
        proof: for the authenticator that gave this, when it is asked again. Its own affair.
    """

    user: str
    scheme: str
    groups: frozenset[str] = frozenset()
    claims: str = field(default="", repr=False)
    expires: float | None = None
    proof: Hashable = field(default=None, repr=False)

    def expired(self) -> bool:
        return self.expires is not None and self.expires <= time.time()

    def properties(self) -> dict[str, Any]:
        """What messages of the client say of it."""
        properties = {USER: self.user, USER_GROUPS: ",".join(sorted(self.groups)), AUTH_SCHEME: self.scheme}
        if self.claims:
            properties[AUTH_CLAIMS] = self.claims
        return properties


@dataclass(frozen=True, slots=True)
class Password:
    """A user's name and password."""

    user: str
    password: str = field(repr=False)
    scheme = BASIC

    def parts(self) -> tuple[str, ...]:
        return self.user, self.password


@dataclass(frozen=True, slots=True)
class SessionCookie:
    """The cookies of a request, one of which may name a login."""

    cookies: str = field(repr=False)
    scheme = SESSION

    def parts(self) -> tuple[str, ...]:
        return (self.cookies,)


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token (RFC 6750)."""

    token: str = field(repr=False)
    address: str = ""
    """Where it came from."""
    scheme = BEARER

    def parts(self) -> tuple[str, ...]:
        return (self.token,)


@dataclass(frozen=True, slots=True)
class CertifiedUser:
    """A user's name, as a client's verified certificate says it."""

    user: str
    scheme = CERTIFICATE

    def parts(self) -> tuple[str, ...]:
        return (self.user,)


Credential = Password | SessionCookie | Token | CertifiedUser
"""What an authenticator is asked about. ``parts()`` is what makes it this one and no other."""
