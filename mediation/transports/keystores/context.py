"""Stores, put into an SSL context."""

from __future__ import annotations

import secrets
import ssl
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from mediation.errors import KeyStoreError

from .entries import KeyEntry
from .stores import KeyStore, TrustStore, read_key, read_trusted

if TYPE_CHECKING:
    from cryptography.x509 import Certificate


def use_key(context: ssl.SSLContext, store: KeyStore, directory: Path) -> KeyEntry:
    """
    Have connections of this context show the certificate of the store.

    Raises:
        KeyStoreError: it cannot be read, or OpenSSL does not take it, for example because the key is too short.
    """
    entry = read_key(store, directory)
    # The module ssl only loads from files. So the key is on the disk for a moment, in a file of our own user's, and
    # encrypted with a password that nobody else ever sees.
    password = secrets.token_hex(32)
    key = entry.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password.encode()))
    with tempfile.NamedTemporaryFile() as file:
        file.write(key + b"".join(certificate.public_bytes(Encoding.PEM) for certificate in entry.chain))
        file.flush()
        try:
            context.load_cert_chain(file.name, password=password)
        except ssl.SSLError as exc:
            raise KeyStoreError(f"KeyStore File {store.file} cannot be used: {exc.reason or exc}") from exc
    return entry


def trust(context: ssl.SSLContext, store: TrustStore, directory: Path) -> tuple[Certificate, ...]:
    """
    Have connections of this context trust what is in the store, authorities and certificates of peers alike.

    Raises:
        KeyStoreError: it cannot be read.
    """
    certificates = read_trusted(store, directory)
    # Java trusts whatever is in a trust store; OpenSSL by default only authorities with nobody above them.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata=b"".join(each.public_bytes(Encoding.DER) for each in certificates))
    return certificates
