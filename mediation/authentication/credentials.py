"""What a handshake shows to prove who its client is."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mediation.access import AccessRules
from mediation.headers import Headers
from mediation.identity import (
    BASIC,
    BEARER,
    CERTIFICATE,
    SESSION,
    CertifiedUser,
    Credential,
    Identity,
    Password,
    SessionCookie,
)
from mediation.identity import Token as BearerToken

# RFC 6750 2.1: what a bearer token may consist of.
_BEARER_TOKEN: Final = re.compile(r"[A-Za-z0-9\-._~+/]+=*")

CARRIERS: Final = {BASIC: ("Authorization",), BEARER: ("Authorization",), SESSION: ("Cookie",)}
"""The headers that credentials come in, by scheme."""

_ALTERNATIVE_NAMES: Final = {"email": "email", "dns": "DNS", "uri": "URI"}


@dataclass(frozen=True, slots=True)
class Attempt:
    """
    A handshake or request, as far as it says who its client is.

    Attributes:
        endpoint: name of the inbound endpoint or service, for the client.
        label: the same for log lines, such as ``inboundendpoint:chat``.
        address: of the client, without its port.
        certificate: as :attr:`mediation.transports.websocket.Request.peer_certificate`.
    """

    endpoint: str
    label: str
    headers: Headers
    address: str
    certificate: Mapping[str, Any] | None = None
    certificate_der: bytes | None = None


def forget(identity: Identity, headers: Headers, rules: AccessRules) -> None:
    """Take what has proved this identity out of the headers, unless messages shall keep it."""
    if not rules.keep_credentials:
        for name in CARRIERS.get(identity.scheme, ()):
            headers.remove(name)


class Malformed(Exception):
    """There is a credential, but it cannot be read."""


def shown(attempt: Attempt, rules: AccessRules) -> list[Credential]:
    """
    The credentials that count here, the one to be tried first at the head.

    An ``Authorization`` header is meant for us, so it decides alone. Cookies and certificates are sent whether or not
    they are meant, so one of them may be wrong when the other is right.

    Raises:
        Malformed: the header says nothing that can be read.
    """
    stated = [value for name, value in attempt.headers.items() if name.lower() == "authorization"]
    if stated and (BASIC in rules.schemes or BEARER in rules.schemes):
        if len(stated) > 1:
            raise Malformed
        credential = _stated(stated[0], attempt, rules)
        return [] if credential is None else [credential]
    return list(_sent_along(attempt, rules))


def _stated(value: str, attempt: Attempt, rules: AccessRules) -> Credential | None:
    scheme, _, rest = value.partition(" ")
    scheme, rest = scheme.lower(), rest.strip()
    if scheme == BASIC and BASIC in rules.schemes:
        return _password(rest)
    if scheme == BEARER and BEARER in rules.schemes:
        if not _BEARER_TOKEN.fullmatch(rest):
            raise Malformed
        return BearerToken(rest, attempt.address)
    return None


def _password(encoded: str) -> Password:
    """RFC 7617 2: user and password, joined by a colon, in Base64."""
    try:
        user, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError) as exc:
        raise Malformed from exc
    if not colon or not user or "\0" in user + password:
        raise Malformed
    return Password(user, password)


def _sent_along(attempt: Attempt, rules: AccessRules) -> Iterator[Credential]:
    cookies = attempt.headers.get("Cookie")
    if SESSION in rules.schemes and cookies:
        yield SessionCookie(cookies)
    if CERTIFICATE in rules.schemes and attempt.certificate:
        user = _certified_user(attempt, rules)
        if user:
            yield CertifiedUser(user)


def _certified_user(attempt: Attempt, rules: AccessRules) -> str | None:
    assert attempt.certificate is not None
    if rules.certificate_users:
        fingerprint = hashlib.sha256(attempt.certificate_der or b"").hexdigest()
        return dict(rules.certificate_users).get(fingerprint)
    if rules.certificate_field == "cn":
        names = [
            value
            for relative in attempt.certificate.get("subject", ())
            for kind, value in relative
            if kind == "commonName"
        ]
    else:
        wanted = _ALTERNATIVE_NAMES[rules.certificate_field]
        names = [value for kind, value in attempt.certificate.get("subjectAltName", ()) if kind == wanted]
    # Several names are several users, and nobody can say which one it is.
    return names[0] if len(names) == 1 else None
