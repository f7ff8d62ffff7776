"""JSON Web Tokens (RFC 7519): who they name, if one of our keys has signed them."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import jwt

from mediation.access import JwtRules
from mediation.errors import AuthenticationUnavailable, MediationError
from mediation.identity import BEARER, Identity
from mediation.secret_reference import SecretReference, SecretUnavailable

logger = logging.getLogger(__name__)

FRESH_SECONDS: Final = 300.0
"""After which keys are looked up again."""
STALE_SECONDS: Final = 3600.0
"""For which keys count when they cannot be looked up."""
PAUSE_SECONDS: Final = 10.0
"""Between two look-ups, whatever tokens ask for."""

MAX_KEY_SET: Final = 256 * 1024  # bytes
MAX_KEYS: Final = 100
FETCH_SECONDS: Final = 5.0

MOST_RULES: Final = 1000
"""Rules whose keys are kept at a time."""

Fetch = Callable[[str, int, float], Awaitable[bytes]]
"""Gets a document of at most so many bytes, in at most so many seconds; raises a ``MediationError`` if it cannot."""

# Signatures with short keys and secrets prove nothing (RFC 7518 3.2, 3.3).
_DECODER: Final = jwt.PyJWT({"enforce_minimum_key_length": True})


def looks_like_jwt(token: str) -> bool:
    """Three parts in JWS compact serialisation (RFC 7515 7.1)."""
    return token.count(".") == 2


class JsonWebTokens:
    """
    Verifies tokens; one for a process.

    Keys are cached by rules. A token that names a key which is not known makes them be looked up again, but not more
    often than every :data:`PAUSE_SECONDS`.

    Args:
        fetch: gets key sets that are on the web.
    """

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._keys: dict[JwtRules, _Keys] = {}

    async def identify(self, token: str, rules: JwtRules) -> Identity | None:
        """
        Who the token names; ``None`` if it does not count.

        Raises:
            AuthenticationUnavailable: the keys are out of reach.
        """
        try:
            header = jwt.get_unverified_header(token)
            algorithm = header.get("alg")
            if not isinstance(algorithm, str) or algorithm not in rules.accepted_algorithms:
                raise jwt.InvalidAlgorithmError
            key = await self._keys_of(rules).find(header)
            if key is None:
                raise jwt.InvalidKeyError("no such key")
            claims = _DECODER.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=rules.audience or None,
                issuer=rules.issuer,
                leeway=rules.leeway,
                options={"require": ["exp", *(["iss"] if rules.issuer else [])]},
            )
            return _identity(claims, rules)
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as exc:
            # What the library says may quote the token.
            logger.debug("a JWT is refused: %s", type(exc).__name__)
            return None

    def _keys_of(self, rules: JwtRules) -> _Keys:
        keys = self._keys.get(rules)
        if keys is None:
            if len(self._keys) >= MOST_RULES:
                self._keys.clear()
            assert rules.given, "whoever asks has seen to it"
            keys = _SharedSecret(rules.secret) if rules.secret else _KeySet(rules.key_set or "", self._fetch)
            self._keys[rules] = keys
        return keys


def _identity(claims: dict[str, Any], rules: JwtRules) -> Identity:
    """
    Raises:
        jwt.InvalidTokenError: it names no user.
    """
    user = claims.get(rules.user_claim)
    if not isinstance(user, str) or not user:
        raise jwt.InvalidTokenError("no user")
    groups = claims.get(rules.groups_claim, ())
    names = groups.replace(",", " ").split() if isinstance(groups, str) else groups
    if not isinstance(names, list | tuple):
        names = ()
    return Identity(
        user,
        BEARER,
        frozenset(name for name in names if isinstance(name, str)),
        claims=json.dumps(claims, separators=(",", ":")),
        expires=float(claims["exp"]) + rules.leeway,
    )


class _Keys(ABC):
    """The keys of some rules: looked up when they are first needed, and again when they have grown old."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._found: Any = None
        self._found_at = -STALE_SECONDS
        self._tried_at = -STALE_SECONDS
        self._lock = asyncio.Lock()

    async def find(self, header: dict[str, Any]) -> Any:
        """
        The key for a token with this header; ``None`` if there is none.

        Raises:
            AuthenticationUnavailable: as it cannot be known whether there is one.
        """
        if time.monotonic() - self._found_at >= FRESH_SECONDS:
            await self._look_up(self._found_at)
        key = self._choose(header)
        if key is None:
            # It may be a new one.
            await self._look_up(self._found_at)
            key = self._choose(header)
        return key

    async def _look_up(self, known_at: float) -> None:
        """Get newer keys than those of ``known_at``; one look-up serves all who wait for it."""
        async with self._lock:
            now = time.monotonic()
            if self._found_at == known_at and now - self._tried_at >= PAUSE_SECONDS:
                self._tried_at = now
                try:
                    self._found = await self._load()
                    self._found_at = now
                except (MediationError, OSError, ValueError, RecursionError, SecretUnavailable) as exc:
                    logger.error("%s cannot be read: %s", self._what, exc)
            if now - self._found_at >= STALE_SECONDS:
                raise AuthenticationUnavailable(f"{self._what} cannot be read")

    @abstractmethod
    async def _load(self) -> Any: ...

    @abstractmethod
    def _choose(self, header: dict[str, Any]) -> Any: ...


class _SharedSecret(_Keys):
    def __init__(self, reference: SecretReference) -> None:
        super().__init__(f"the secret {reference} for JWTs")
        self._reference = reference

    async def _load(self) -> bytes:
        return (await asyncio.to_thread(self._reference.resolve)).encode()

    def _choose(self, header: dict[str, Any]) -> bytes:
        secret: bytes = self._found
        return secret


class _KeySet(_Keys):
    """A JWK Set (RFC 7517 5) in a file or on the web."""

    def __init__(self, place: str, fetch: Fetch) -> None:
        super().__init__(f"the key set {place}")
        self._place = place
        self._fetch = fetch

    async def _load(self) -> list[dict[str, Any]]:
        if "://" in self._place:
            content = await self._fetch(self._place, MAX_KEY_SET, FETCH_SECONDS)
        else:
            content = await asyncio.to_thread(_read, self._place)
        document = json.loads(content)
        keys = document.get("keys") if isinstance(document, dict) else None
        if not isinstance(keys, list) or len(keys) > MAX_KEYS:
            raise ValueError(f"it is no JWK Set of at most {MAX_KEYS} keys")
        return [key for key in keys if isinstance(key, dict) and _signs(key)]

    def _choose(self, header: dict[str, Any]) -> jwt.PyJWK | None:
        algorithm, name = header["alg"], header.get("kid")
        kind = {"E": "EC", "R": "RSA", "P": "RSA"}[algorithm[0]] if algorithm != "EdDSA" else "OKP"
        keys = [key for key in self._found if key["kty"] == kind and key.get("alg") in (None, algorithm)]
        if name is not None:
            keys = [key for key in keys if key.get("kid") == name]
        # Trying one after the other would be work for whoever sends garbage.
        return jwt.PyJWK(keys[0], algorithm) if len(keys) == 1 else None


def _signs(key: dict[str, Any]) -> bool:
    """Whether it is a public key for signatures. A shared secret has no business in a document that anybody can get."""
    operations = key.get("key_ops")
    return (
        key.get("kty") in ("RSA", "EC", "OKP")
        and key.get("use") in (None, "sig")
        and (not isinstance(operations, list) or "verify" in operations)
    )


def _read(path: str) -> bytes:
    with Path(path).open("rb") as file:
        content = file.read(MAX_KEY_SET + 1)
    if len(content) > MAX_KEY_SET:
        raise ValueError(f"it is larger than {MAX_KEY_SET} bytes")
    return content
