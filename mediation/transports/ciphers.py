"""Versions of TLS and cipher suites in the names of the JSSE (Java's TLS), and what OpenSSL calls them."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

DEFAULT_PROTOCOL: Final = "TLS"
"""The originals' default; for us all secure versions."""

PROTOCOLS: Final = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}

TLS_1_3_SUITES: Final = frozenset(
    {
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
    }
)

SUITES: Final = {
    # forward secrecy, authenticated encryption
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": "ECDHE-ECDSA-AES256-GCM-SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": "ECDHE-ECDSA-AES128-GCM-SHA256",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-ECDSA-CHACHA20-POLY1305",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": "ECDHE-RSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": "ECDHE-RSA-AES128-GCM-SHA256",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-RSA-CHACHA20-POLY1305",
    "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384": "DHE-RSA-AES256-GCM-SHA384",
    "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256": "DHE-RSA-AES128-GCM-SHA256",
    "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256": "DHE-RSA-CHACHA20-POLY1305",
    # forward secrecy
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384": "ECDHE-ECDSA-AES256-SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256": "ECDHE-ECDSA-AES128-SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA": "ECDHE-ECDSA-AES256-SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA": "ECDHE-ECDSA-AES128-SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384": "ECDHE-RSA-AES256-SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256": "ECDHE-RSA-AES128-SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA": "ECDHE-RSA-AES256-SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA": "ECDHE-RSA-AES128-SHA",
    "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256": "DHE-RSA-AES256-SHA256",
    "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256": "DHE-RSA-AES128-SHA256",
    "TLS_DHE_RSA_WITH_AES_256_CBC_SHA": "DHE-RSA-AES256-SHA",
    "TLS_DHE_RSA_WITH_AES_128_CBC_SHA": "DHE-RSA-AES128-SHA",
    # neither, but no known break
    "TLS_RSA_WITH_AES_256_GCM_SHA384": "AES256-GCM-SHA384",
    "TLS_RSA_WITH_AES_128_GCM_SHA256": "AES128-GCM-SHA256",
    "TLS_RSA_WITH_AES_256_CBC_SHA256": "AES256-SHA256",
    "TLS_RSA_WITH_AES_128_CBC_SHA256": "AES128-SHA256",
    "TLS_RSA_WITH_AES_256_CBC_SHA": "AES256-SHA",
    "TLS_RSA_WITH_AES_128_CBC_SHA": "AES128-SHA",
}
"""TLS 1.2, by the name of the JSSE. What is not here is broken or anonymous (RC4, DES, MD5, NULL, EXPORT, anon)."""

_SIGNALS: Final = frozenset({"TLS_EMPTY_RENEGOTIATION_INFO_SCSV", "TLS_FALLBACK_SCSV"})
"""Listed among suites, but none: OpenSSL gives these signals by itself."""

_OPENSSL_NAMES: Final = frozenset(SUITES.values())


@dataclass(frozen=True, slots=True)
class Policy:
    """
    What may be negotiated.

    Attributes:
        ciphers: for TLS 1.2, in OpenSSL's names; empty for OpenSSL's choice. Those of TLS 1.3 cannot be chosen.
    """

    minimum: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2
    maximum: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
    ciphers: tuple[str, ...] = ()

    def restrict(self, context: ssl.SSLContext) -> None:
        """
        Raises:
            ssl.SSLError: this machine's OpenSSL knows none of the ciphers.
        """
        context.minimum_version = self.minimum
        context.maximum_version = self.maximum
        if self.ciphers:
            context.set_ciphers(":".join(self.ciphers))


DEFAULT_POLICY: Final = Policy()


def policy(protocols: Iterable[str], suites: Iterable[str]) -> tuple[Policy, list[str]]:
    """
    What lists of protocols and suites mean, and remarks on what is ignored; an empty list means the default.

    As in the JSSE a version needs a suite: with suites of TLS 1.2 only there is no TLS 1.3, and the other way round.

    Raises:
        ValueError: nothing is left; the text completes ``parameter NAME "text" ...``.
    """
    remarks: list[str] = []
    versions = _versions(tuple(protocols), remarks)
    wanted = tuple(suites)
    if not wanted:
        return Policy(min(versions), max(versions)), remarks
    ciphers = []
    for name in wanted:
        cipher = SUITES.get(name.replace("SSL_", "TLS_", 1), name if name in _OPENSSL_NAMES else None)
        if cipher is not None:
            ciphers.append(cipher)
        elif name not in TLS_1_3_SUITES and name not in _SIGNALS:
            remarks.append(f"the cipher suite {name} is not known or not safe; it is ignored")
    usable = set()
    if ciphers:
        usable.add(ssl.TLSVersion.TLSv1_2)
    if not TLS_1_3_SUITES.isdisjoint(wanted):
        usable.add(ssl.TLSVersion.TLSv1_3)
    left = usable & versions
    if not left:
        raise ValueError("names no cipher suite that can be used with the protocols")
    return Policy(min(left), max(left), tuple(ciphers) if ssl.TLSVersion.TLSv1_2 in left else ()), remarks


def _versions(names: tuple[str, ...], remarks: list[str]) -> set[ssl.TLSVersion]:
    if not names or DEFAULT_PROTOCOL in names:
        return set(PROTOCOLS.values())
    for name in names:
        if name not in PROTOCOLS:
            remarks.append(f"the protocol {name} is not known or not safe; it is ignored")
    versions = {PROTOCOLS[name] for name in names if name in PROTOCOLS}
    if not versions:
        raise ValueError(f"names none of the protocols {', '.join(PROTOCOLS)}")
    return versions
