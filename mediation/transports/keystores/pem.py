"""PEM: Base64 between ``-----BEGIN`` lines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from mediation.errors import KeyStoreError

from .entries import DAMAGE, KeyEntry, chain_from

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

_BLOCK: Final = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)
_CERTIFICATES: Final = frozenset({b"CERTIFICATE", b"X509 CERTIFICATE", b"TRUSTED CERTIFICATE"})


def is_pem(content: bytes) -> bool:
    return _BLOCK.search(content) is not None


def is_open_key(content: bytes) -> bool:
    """Whether there is a private key that anybody can use who can read the file."""
    return any(block[1].endswith(b"PRIVATE KEY") and b"ENCRYPTED" not in block[0] for block in _BLOCK.finditer(content))


def read_certificates(content: bytes, password: str = "") -> list[x509.Certificate]:
    """
    All certificates, in their order.

    Raises:
        KeyStoreError: one of them is damaged.
    """
    try:
        return [
            x509.load_pem_x509_certificate(block[0].replace(block[1], b"CERTIFICATE"))
            for block in _BLOCK.finditer(content)
            if block[1] in _CERTIFICATES
        ]
    except DAMAGE as exc:
        raise KeyStoreError(f"a certificate is damaged: {exc}") from exc


def read_keys(content: bytes, password: str, key_password: str) -> list[KeyEntry]:
    """
    The key with the certificates, of which the one that fits is its own.

    Raises:
        KeyStoreError: the password is wrong, or something is damaged or missing.
    """
    certificates = read_certificates(content)
    keys = [block[0] for block in _BLOCK.finditer(content) if block[1].endswith(b"PRIVATE KEY")]
    if not keys:
        return []
    if not certificates:
        raise KeyStoreError("there is no certificate for the private key in it")
    key = _key(keys[0], key_password)
    own = next((each for each in certificates if each.public_key() == key.public_key()), certificates[0])
    return [KeyEntry("", key, chain_from(own, certificates))]


def _key(block: bytes, password: str) -> PrivateKeyTypes:
    encrypted = b"ENCRYPTED" in block
    try:
        return load_pem_private_key(block, password.encode() if encrypted else None)
    except (*DAMAGE, TypeError) as exc:
        if encrypted:
            raise KeyStoreError("the password of the private key is wrong") from exc
        raise KeyStoreError(f"the private key is damaged: {exc}") from exc
