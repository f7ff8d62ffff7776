"""PKCS #12 (RFC 7292)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.serialization import pkcs12

from mediation.errors import KeyStoreError

from .entries import DAMAGE, KeyEntry, chain_from

if TYPE_CHECKING:
    from cryptography.x509 import Certificate


def is_pkcs12(content: bytes) -> bool:
    """PFX ::= SEQUENCE { version INTEGER {v3(3)}, ...; as DER, or with an indefinite length as BER."""
    if content[:1] != b"\x30" or len(content) < 8:
        return False
    first = content[1]
    start = 2 + (first & 0x7F if first & 0x80 else 0)
    return content[start : start + 3] == b"\x02\x01\x03"


def read_keys(content: bytes, password: str, key_password: str) -> list[KeyEntry]:
    """
    The first key. The format has one password for all: ``key_password`` is not used.

    Raises:
        KeyStoreError: the password is wrong, or the content damaged.
    """
    bag = _open(content, password)
    if bag.key is None:
        return []
    if bag.cert is None:
        raise KeyStoreError("there is no certificate for the private key in it")
    alias = (bag.cert.friendly_name or b"").decode(errors="replace")
    others = (each.certificate for each in bag.additional_certs)
    return [KeyEntry(alias, bag.key, chain_from(bag.cert.certificate, others))]


def read_certificates(content: bytes, password: str) -> list[Certificate]:
    """
    All certificates, that of a key too, as Java takes it.

    Raises:
        KeyStoreError: the password is wrong, or the content damaged.
    """
    bag = _open(content, password)
    own = [bag.cert] if bag.cert else []
    return [each.certificate for each in (*own, *bag.additional_certs)]


def _open(content: bytes, password: str) -> pkcs12.PKCS12KeyAndCertificates:
    try:
        return pkcs12.load_pkcs12(content, password.encode())
    except DAMAGE as exc:
        raise KeyStoreError("the password is wrong, or the content is damaged") from exc
