"""Who may open a WebSocket at an inbound endpoint, or call a proxy service: their ``ws.auth`` parameters."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from mediation.errors import GrammarError
from mediation.grammar import elements
from mediation.identity import BASIC, BEARER, CERTIFICATE, SCHEMES, Identity
from mediation.parameters import (
    FLAG,
    ParameterReader,
    choice,
    declared_parameters,
    flag,
    number,
    parameter,
    parameter_group,
)
from mediation.secret_reference import SecretReference

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler

PREFIX: Final = "ws.auth"
FOR_REQUESTS: Final = frozenset({BASIC, BEARER})
"""What a proxy service takes: what each request says by itself."""
TRUST_STORE: Final = "wss.ssl.trust.store.file"

SHARED_SECRET: Final = ("HS256", "HS384", "HS512")
PUBLIC_KEY: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""JWS algorithms that may be named; ``none`` is not one of them."""

_FINGERPRINT: Final = re.compile(r"(?:[0-9a-f]{2}:?){31}[0-9a-f]{2}", re.IGNORECASE)


# -- what the parameters take


def _schemes(text: str) -> tuple[str, ...]:
    wanted = tuple(text.lower().replace(",", " ").split())
    if wanted == ("none",):
        return ()
    if not wanted or not set(wanted) <= set(SCHEMES):
        raise ValueError(f"is not none, or some of {', '.join(SCHEMES)}")
    return wanted


def _by_commas(text: str) -> frozenset[str]:
    """Names that may contain spaces."""
    found = frozenset(name for part in text.split(",") if (name := part.strip()))
    if not found:
        raise ValueError("names nothing")
    return found


def _algorithms(text: str) -> frozenset[str]:
    wanted = _by_commas(text.replace(" ", ","))
    if not wanted <= {*SHARED_SECRET, *PUBLIC_KEY}:
        raise ValueError(f"is not some of {', '.join((*SHARED_SECRET, *PUBLIC_KEY))}")
    return wanted


def _key_set(text: str) -> str:
    try:
        url = urlsplit(text)
        host = url.hostname or ""
    except ValueError:
        raise ValueError("is not an address") from None
    # Who can change what comes over the wire could make keys, and with them users.
    if (url.scheme == "https" and host) or (url.scheme == "http" and host in ("localhost", "127.0.0.1", "::1")):
        return text
    if not url.scheme and Path(text).is_absolute():
        return text
    raise ValueError("is neither an https address nor the absolute path of a file")


def _secret(text: str) -> SecretReference:
    try:
        return SecretReference.parse(text)
    except ValueError as exc:
        raise GrammarError(f"parameter ws.auth.jwt.secret {exc}") from None


def _fingerprints(text: str) -> tuple[tuple[str, str], ...]:
    users = {}
    for part in _by_commas(text):
        fingerprint, equals, user = part.partition("=")
        if not equals or not user.strip() or not _FINGERPRINT.fullmatch(fingerprint.strip()):
            raise ValueError("is not a list of SHA256=user, separated by commas")
        users[fingerprint.strip().replace(":", "").lower()] = user.strip()
    return tuple(sorted(users.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class JwtRules:
    """Which JSON Web Tokens (RFC 7519) count. Equal rules share their keys."""

    issuer: str | None = parameter("ws.auth.jwt.issuer", help="what `iss` has to say; not looked at without it")
    audience: frozenset[str] = parameter(
        "ws.auth.jwt.audience",
        _by_commas,
        frozenset(),
        values="names",
        help="one of these has to be in `aud`; without it a token that is for somebody (`aud`) is refused",
    )
    key_set: str | None = parameter(
        "ws.auth.jwt.jwks", _key_set, values="https address, or path", help="where the public keys are (RFC 7517)"
    )
    secret: SecretReference | None = parameter(
        "ws.auth.jwt.secret",
        _secret,
        values="`$SYSTEM:VARIABLE`, `$FILE:/path`",
        help="the shared secret, in place of public keys; at least as long as the hash, 32 bytes for HS256",
    )
    algorithms: frozenset[str] = parameter(
        "ws.auth.jwt.algorithms",
        _algorithms,
        frozenset(),
        values="JWS names; `RS256, ES256`, or `HS256` with a secret",
        help="which signatures count",
    )
    leeway: int = parameter(
        "ws.auth.jwt.leeway", number(0, 600), 30, values="0 to 600 s", help="how far clocks may differ"
    )
    user_claim: str = parameter("ws.auth.jwt.user.claim", default="sub", help="the claim that names the user")
    groups_claim: str = parameter(
        "ws.auth.jwt.groups.claim", default="groups", help="the claim with the names of groups: a list, or one text"
    )

    @property
    def given(self) -> bool:
        """Whether any token can count."""
        return self.key_set is not None or self.secret is not None

    @property
    def accepted_algorithms(self) -> frozenset[str]:
        return self.algorithms or frozenset({"HS256"} if self.secret is not None else {"RS256", "ES256"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRules:
    """Who may open a connection, or call a service. By default everybody may."""

    schemes: tuple[str, ...] = parameter(
        "ws.auth",
        _schemes,
        (),
        values=f"`none`, or some of {', '.join(SCHEMES)}",
        help="what clients may prove who they are with",
    )
    groups: frozenset[str] = parameter(
        "ws.auth.groups",
        _by_commas,
        frozenset(),
        values="names, separated by commas",
        help="only members of one of these groups may connect",
    )
    recheck: bool = parameter(
        "ws.auth.recheck", flag, True, values=FLAG, help="a connection ends when its credential does"
    )
    keep_credentials: bool = parameter(
        "ws.auth.keep.credentials",
        flag,
        False,
        values=FLAG,
        help="messages keep the header that the credential came in (`Authorization`, `Cookie`)",
    )
    certificate_field: str = parameter(
        "ws.auth.certificate.field",
        choice("cn", "email", "dns", "uri"),
        "cn",
        values="cn, email, dns, uri",
        help="what in a certificate names the user: the common name of its subject, or an alternative name",
    )
    certificate_users: tuple[tuple[str, str], ...] = parameter(
        "ws.auth.certificate.users",
        _fingerprints,
        (),
        values="`SHA256=user`, separated by commas",
        help="only certificates with these fingerprints count, and these are their users",
    )
    jwt: JwtRules = parameter_group(JwtRules)

    @property
    def open(self) -> bool:
        """Whether nobody is asked who they are."""
        return not self.schemes

    def permits(self, identity: Identity) -> bool:
        """Whether somebody who has proved to be this may connect."""
        return identity.scheme in self.schemes and (not self.groups or not self.groups.isdisjoint(identity.groups))


def check_access(rules: AccessRules, protocol: str, reader: ParameterReader, compiler: Compiler) -> None:
    """Report what contradicts itself: a door that its owner takes for locked must not be open."""
    wrong = _check_given(rules, reader, compiler)
    if CERTIFICATE in rules.schemes and protocol != "wss":
        wrong(PREFIX, "certificate needs the protocol wss")
    elif CERTIFICATE in rules.schemes and not reader.texts.get(TRUST_STORE):
        wrong(PREFIX, f"certificate needs {TRUST_STORE}, which says whose certificates count")
    if BASIC in rules.schemes and protocol != "wss":
        compiler.warning("passwords travel in clear text over ws; use wss, or a TLS proxy", reader.place(PREFIX))


def read_service_access(element: etree._Element, transports: frozenset[str], compiler: Compiler) -> AccessRules:
    """The rules of a proxy service, whose ``<parameter>`` children they are. Mistakes are reported."""
    parts = [part for part in elements(element) if (part.get("name") or "").startswith(PREFIX)]
    reader = ParameterReader(element, compiler, parts)
    rules = AccessRules(**reader.read(AccessRules))
    wrong = _check_given(rules, reader, compiler)
    for scheme in sorted({*rules.schemes} - FOR_REQUESTS):
        wrong(PREFIX, f"{scheme} is for WebSocket clients; a proxy service takes {', '.join(sorted(FOR_REQUESTS))}")
    if "ws.auth.recheck" in reader.texts:
        compiler.info("ws.auth.recheck has no effect: each request is asked", reader.place("ws.auth.recheck"))
    if BASIC in rules.schemes and "http" in transports:
        message = 'passwords travel in clear text over http; transports="https", or a TLS proxy'
        compiler.warning(message, reader.place(PREFIX))
    return rules


def _check_given(rules: AccessRules, reader: ParameterReader, compiler: Compiler) -> Callable[[str, str], None]:
    """
    Returns:
        What reports a parameter that is wrong.
    """
    known = {declared.name for _, declared in declared_parameters(AccessRules)}
    given = [name for name in reader.texts if name.startswith(PREFIX)]

    def wrong(name: str, text: str) -> None:
        compiler.error(GrammarError(f"parameter {name} {text}"), reader.place(name))

    for name in given:
        if name not in known:
            wrong(name, "is not known")
        elif not reader.texts[name]:
            wrong(name, "is empty")
        elif rules.open and name != PREFIX:
            wrong(name, f"says who may connect, but {PREFIX} asks nobody: {', '.join(SCHEMES)}")
        elif name.startswith(f"{PREFIX}.jwt.") and BEARER not in rules.schemes:
            wrong(name, f"needs {PREFIX} with bearer")
        elif name.startswith(f"{PREFIX}.certificate.") and CERTIFICATE not in rules.schemes:
            wrong(name, f"needs {PREFIX} with certificate")
    _check_jwt(rules.jwt, given, wrong)
    return wrong


def _check_jwt(jwt: JwtRules, given: list[str], wrong: Callable[[str, str], None]) -> None:
    jwt_names = [name for name in given if name.startswith(f"{PREFIX}.jwt.")]
    if jwt.key_set is not None and jwt.secret is not None:
        wrong("ws.auth.jwt.secret", "and ws.auth.jwt.jwks exclude each other")
    elif jwt_names and not jwt.given and not {"ws.auth.jwt.secret", "ws.auth.jwt.jwks"} & set(given):
        wrong(jwt_names[0], "needs keys: ws.auth.jwt.jwks or ws.auth.jwt.secret")
    # A public key is no secret, so a token that takes it for one proves nothing.
    family = SHARED_SECRET if jwt.secret is not None else PUBLIC_KEY
    if jwt.given and not jwt.accepted_algorithms <= set(family):
        wrong("ws.auth.jwt.algorithms", f"does not fit the keys, which take {', '.join(family)}")
