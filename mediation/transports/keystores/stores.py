"""Where stores are, what is in them, and how a file of any format is read."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mediation.errors import KeyStoreError
from mediation.secret_reference import SecretReference, SecretUnavailable

from . import jks, pem, pkcs12
from .entries import DAMAGE, KeyEntry, check_readable

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

MAX_BYTES: Final = 8 * 1024 * 1024
"""A store that is larger is none; it is not read."""

CONVERT: Final = ", which cannot be read here; keytool -importkeystore -deststoretype PKCS12 makes one of it that can"

CARBON_HOME: Final = "${carbon.home}"


@dataclass(frozen=True, slots=True)
class _Format:
    """
    Attributes:
        recognises: whether the content is of this format; formats are told by content, never by the file's name.
        keys: private keys, with the store's password and that of the keys.
        certificates: those that a trust store of this content trusts.
    """

    recognises: Callable[[bytes], bool]
    keys: Callable[[bytes, str, str], Sequence[KeyEntry]]
    certificates: Callable[[bytes, str], Sequence[Certificate]]


_READABLE: Final = {
    "JKS": _Format(jks.is_jks, jks.read_keys, jks.read_certificates),
    "PKCS12": _Format(pkcs12.is_pkcs12, pkcs12.read_keys, pkcs12.read_certificates),
    "PEM": _Format(pem.is_pem, pem.read_keys, pem.read_certificates),
}
FORMATS: Final = tuple(_READABLE)

_UNREADABLE: Final = frozenset({"JCEKS", "BCFKS", "BKS", "UBER", "PKCS11", "DKS", "WINDOWS-MY"})

_JAVA: Final = frozenset({"JKS", "PKCS12"})
"""Either may be called by the name of the other: Java reads both as both, and writes PKCS #12 into files named .jks."""


def store_type(text: str) -> str:
    """
    The format of a store, in any case, for a parameter.

    Raises:
        ValueError: there is none of this name, or it cannot be read.
    """
    name = text.upper()
    if name in _UNREADABLE:
        raise ValueError(f"names a format{CONVERT}")
    if name not in FORMATS:
        raise ValueError(f"is not one of {', '.join(FORMATS)}")
    return name


@dataclass(frozen=True, slots=True)
class TrustStore:
    """
    Where trusted certificates are.

    Attributes:
        file: absolute, or from the directory of stores.
        password: itself, or where it is (:mod:`mediation.secret_reference`).
        type: one of :data:`FORMATS`; ``None`` for what the content is.
    """

    file: str
    password: str = field(default="", repr=False)
    type: str | None = None

    def files(self, directory: Path) -> tuple[Path, ...]:
        """The files that it is made of."""
        return (resolve(self.file, directory),)


@dataclass(frozen=True, slots=True)
class KeyStore:
    """
    Where a private key and its certificates are.

    Attributes:
        key_password: of the key itself; by default the same as the store's.
        key_file: the key, when the file only has the certificates (PEM).
    """

    file: str
    password: str = field(default="", repr=False)
    type: str | None = None
    key_password: str = field(default="", repr=False)
    key_file: str = ""

    def files(self, directory: Path) -> tuple[Path, ...]:
        """The files that it is made of."""
        return tuple(resolve(file, directory) for file in (self.file, self.key_file) if file)


def resolve(file: str, directory: Path) -> Path:
    """The path of a store; ``${carbon.home}`` is the directory that relative paths start from."""
    return directory / file.removeprefix(CARBON_HOME).lstrip("/") if file.startswith(CARBON_HOME) else directory / file


def read_key(store: KeyStore, directory: Path) -> KeyEntry:
    """
    The first key of the store that comes with a certificate.

    Raises:
        KeyStoreError: there is no such file, or no key that could be used in it.
    """
    content = _read(store.file, directory, "KeyStore")
    if store.key_file:
        content = _read(store.key_file, directory, "Key") + b"\n" + content
    try:
        form = _format(content, store.type)
        password = _secret(store.password)
        entries = form.keys(content, password, _secret(store.key_password) or password)
        if not entries:
            raise KeyStoreError("there is no private key in it")
        check_readable(entries[0].chain)
        if not entries[0].fits:
            raise KeyStoreError("the private key does not fit the certificate")
    except (KeyStoreError, *DAMAGE) as exc:
        raise KeyStoreError(f"KeyStore File {store.file} cannot be used: {_reason(exc)}") from exc
    return entries[0]


def read_trusted(store: TrustStore, directory: Path) -> tuple[Certificate, ...]:
    """
    The certificates of the store.

    Raises:
        KeyStoreError: there is no such file, or no certificate in it.
    """
    content = _read(store.file, directory, "trustStore")
    try:
        certificates = _format(content, store.type).certificates(content, _secret(store.password))
        if not certificates:
            raise KeyStoreError("there is no certificate in it")
        check_readable(certificates)
    except (KeyStoreError, *DAMAGE) as exc:
        raise KeyStoreError(f"trustStore File {store.file} cannot be used: {_reason(exc)}") from exc
    return tuple(certificates)


def lapse(certificate: Certificate, now: datetime | None = None) -> str | None:
    """Why the certificate is not valid today, if so."""
    now = now or datetime.now(UTC)
    if certificate.not_valid_after_utc < now:
        return f"expired on {certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC"
    if certificate.not_valid_before_utc > now:
        return f"is not valid before {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
    return None


Stamp = tuple[int, int, int] | None
"""What changes when a file is written or replaced; ``None`` when there is none."""


def stamps(stores: Iterable[KeyStore | TrustStore | None], directory: Path) -> tuple[Stamp, ...]:
    """What the files of these stores look like now."""
    return tuple(_stamp(path) for store in stores if store for path in store.files(directory))


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def exposed_key(store: KeyStore, directory: Path) -> Path | None:
    """The file with a key that every user of this machine can read and use, if there is one."""
    for path in store.files(directory):
        if path.is_file() and path.stat().st_mode & stat.S_IROTH and pem.is_open_key(path.read_bytes()):
            return path
    return None


def _read(file: str, directory: Path, what: str) -> bytes:
    path = resolve(file, directory)
    if not path.is_file():
        raise KeyStoreError(f"{what} File {file} not found" + ("" if path == Path(file) else f": there is no {path}"))
    try:
        with path.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except OSError as exc:
        raise KeyStoreError(f"{what} File {file} cannot be read: {exc.strerror}") from exc
    if len(content) > MAX_BYTES:
        raise KeyStoreError(f"{what} File {file} is larger than {MAX_BYTES} bytes")
    return content


def _reason(exc: Exception) -> str:
    return exc.message if isinstance(exc, KeyStoreError) else f"the content is damaged: {exc}"


def _secret(text: str) -> str:
    """A password, which may be written down, or named: ``$SYSTEM:VARIABLE``, ``$FILE:/path``."""
    if not text.startswith(("$SYSTEM:", "$FILE:")):
        return text
    try:
        return SecretReference.parse(text).resolve()
    except ValueError as exc:
        raise KeyStoreError(f"its password {exc}") from exc
    except SecretUnavailable as exc:
        raise KeyStoreError(str(exc)) from exc


def _format(content: bytes, wanted: str | None) -> _Format:
    found = next((name for name, each in _READABLE.items() if each.recognises(content)), None)
    if found is None:
        raise KeyStoreError(f"it is a JCEKS store{CONVERT}" if jks.is_jceks(content) else _UNKNOWN)
    if wanted is not None and wanted != found and not {wanted, found} <= _JAVA:
        raise KeyStoreError(f"its type is {found}, not {wanted}")
    return _READABLE[found]


_UNKNOWN: Final = f"it is none of {', '.join(FORMATS)}"
