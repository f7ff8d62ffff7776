"""
JKS, Java's key store format of before PKCS #12, and Sun's protection of the keys in it.

::

    store   magic 0xFEEDFEED, version 1 or 2, number of entries, entries, SHA-1 of the password and all before
    entry   1: private key: alias, time, protected key, number of certificates, certificates
            2: trusted certificate: alias, time, certificate
    text    its length in two bytes, modified UTF-8; numbers are big-endian

Neither the digest nor the protection is strong. Whoever can read the file can try passwords quickly, so its
permissions count.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_der_private_key

from mediation.errors import KeyStoreError

from .entries import DAMAGE, KeyEntry

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

_MAGIC: Final = b"\xfe\xed\xfe\xed"
_JCEKS_MAGIC: Final = b"\xce\xce\xce\xce"
_PRIVATE_KEY, _TRUSTED = 1, 2
_DIGEST: Final = 20  # bytes of SHA-1
_PROTECTOR: Final = bytes.fromhex("060a2b060104012a02110101")
"""The object identifier 1.3.6.1.4.1.42.2.17.1.1, as DER."""


def is_jks(content: bytes) -> bool:
    return content.startswith(_MAGIC)


def is_jceks(content: bytes) -> bool:
    """Java's format with stronger protection, which is built on Java's serialisation."""
    return content.startswith(_JCEKS_MAGIC)


def read_keys(content: bytes, password: str, key_password: str) -> list[KeyEntry]:
    """
    Raises:
        KeyStoreError: a password is wrong, or the content damaged.
    """
    return [
        KeyEntry(each.alias, _load(each, key_password), each.chain)
        for each in _Reader(content, password).entries()
        if each.protected is not None and each.chain
    ]


def read_certificates(content: bytes, password: str) -> list[x509.Certificate]:
    """
    Trusted certificates, and as Java does it the own ones of keys, which need no password.

    Raises:
        KeyStoreError: the store's password is wrong, or the content damaged.
    """
    return [each.chain[0] for each in _Reader(content, password).entries() if each.chain]


@dataclass(frozen=True, slots=True)
class _Entry:
    alias: str
    chain: tuple[x509.Certificate, ...]
    protected: bytes | None = None
    """An ``EncryptedPrivateKeyInfo`` (PKCS #8); ``None`` for a trusted certificate."""


class _Reader:
    """
    Reads one store.

    Raises:
        KeyStoreError: the digest does not fit, so the password is wrong or the content damaged.
    """

    def __init__(self, content: bytes, password: str) -> None:
        self._data, digest = content[:-_DIGEST], content[-_DIGEST:]
        # The words are part of the format: they keep the digest from being one of the password alone.
        expected = hashlib.sha1(_as_java(password) + b"Mighty Aphrodite" + self._data).digest()
        if not hmac.compare_digest(digest, expected):
            raise KeyStoreError("the password is wrong, or the content is damaged")
        self._position = len(_MAGIC)

    def entries(self) -> list[_Entry]:
        try:
            self._version = self._number()
            if self._version not in (1, 2):
                raise KeyStoreError(f"it is of version {self._version} of the format, which is not known")
            return [self._entry() for _ in range(self._number())]
        except DAMAGE as exc:
            raise KeyStoreError(f"the content is damaged: {exc}") from exc

    def _entry(self) -> _Entry:
        kind = self._number()
        alias = self._text()
        self._take(8)  # when it was made
        if kind == _TRUSTED:
            return _Entry(alias, (self._certificate(),))
        if kind != _PRIVATE_KEY:
            raise ValueError(f"there is no entry of the kind {kind}")
        protected = self._take(self._number())
        return _Entry(alias, tuple(self._certificate() for _ in range(self._number())), protected)

    def _certificate(self) -> x509.Certificate:
        kind = self._text() if self._version == 2 else "X.509"
        if kind != "X.509":
            raise ValueError(f"there is a certificate of the type {kind}")
        return x509.load_der_x509_certificate(self._take(self._number()))

    def _number(self) -> int:
        return int(struct.unpack(">I", self._take(4))[0])

    def _text(self) -> str:
        length = int(struct.unpack(">H", self._take(2))[0])
        return self._take(length).decode(errors="replace")

    def _take(self, length: int) -> bytes:
        end = self._position + length
        if end > len(self._data):
            raise ValueError("it ends too early")
        taken = self._data[self._position : end]
        self._position = end
        return taken


def _as_java(password: str) -> bytes:
    """Java's characters: UTF-16, the high byte first."""
    return password.encode("utf-16-be", "surrogatepass")


# -- Sun's protection of private keys


def _load(entry: _Entry, password: str) -> PrivateKeyTypes:
    assert entry.protected is not None
    try:
        plain = _unprotect(_protected_key(entry.protected), password)
        if plain is None:
            raise KeyStoreError(f"the password of the private key {entry.alias} is wrong")
        return load_der_private_key(plain, None)
    except DAMAGE as exc:
        raise KeyStoreError(f"the private key {entry.alias} is damaged: {exc}") from exc


def _unprotect(protected: bytes, password: str) -> bytes | None:
    """
    The key as PKCS #8; ``None`` if the password is wrong.

    It lies between a salt and a digest, each as long as SHA-1, and is the exclusive or with a stream of digests:
    each of the password and the one before, the first of the password and the salt.
    """
    salt, hidden, digest = protected[:_DIGEST], protected[_DIGEST:-_DIGEST], protected[-_DIGEST:]
    secret = _as_java(password)
    stream, block = b"", salt
    while len(stream) < len(hidden):
        block = hashlib.sha1(secret + block).digest()
        stream += block
    plain = bytes(left ^ right for left, right in zip(hidden, stream, strict=False))
    return plain if hmac.compare_digest(digest, hashlib.sha1(secret + plain).digest()) else None


def _protected_key(der: bytes) -> bytes:
    """``encryptedData`` of an ``EncryptedPrivateKeyInfo``."""
    outer, _ = _der(der, 0x30)
    algorithm, rest = _der(outer, 0x30)
    if not algorithm.startswith(_PROTECTOR):
        raise ValueError("it is not protected in the way of this format")
    return _der(rest, 0x04)[0]


def _der(data: bytes, tag: int) -> tuple[bytes, bytes]:
    """The content of an element that has this tag, and what follows it."""
    if len(data) < 2 or data[0] != tag:
        raise ValueError("it is no DER")
    length, start = data[1], 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(data[2:start], "big")
    return data[start : start + length], data[start + length :]
