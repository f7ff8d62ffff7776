"""TLS at an inbound endpoint: its ``wss.ssl`` parameters."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Final

from mediation.errors import GrammarError, KeyStoreError
from mediation.findings import Severity
from mediation.parameters import ParameterReader, choice, declared_parameters, names, parameter
from mediation.transports.ciphers import Policy, policy
from mediation.transports.keystores import (
    FORMATS,
    KeyStore,
    TrustStore,
    exposed_key,
    lapse,
    read_trusted,
    store_type,
    use_key,
)

if TYPE_CHECKING:
    from mediation.compiler import Compiler

PREFIX: Final = "wss.ssl"
KEY_STORE: Final = f"{PREFIX}.key.store.file"
TRUST_STORE: Final = f"{PREFIX}.trust.store.file"
_KEY_STORE_PASSWORD: Final = f"{PREFIX}.key.store.pass"
_TRUST_STORE_PASSWORD: Final = f"{PREFIX}.trust.store.pass"
_VERIFY_CLIENT: Final = f"{PREFIX}.verify.client"
_PROTOCOLS: Final = f"{PREFIX}.protocols"
_SUITES: Final = f"{PREFIX}.cipher.suites"

_PEM_SUFFIXES: Final = frozenset({".pem", ".crt", ".cer"})
_FORMAT_NAMES: Final = ", ".join(FORMATS)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundTls:
    """
    What the TLS of a ``wss`` endpoint is made of. Nothing is read before somebody asks for it.

    Attributes:
        verify_client: ``require`` or ``optional``, if there is a trust store to verify clients with.
    """

    key_store_file: str = parameter(KEY_STORE, default="", values="path", help="the key and certificate; required")
    key_store_password: str = parameter(
        _KEY_STORE_PASSWORD, default="", values="text, `$SYSTEM:NAME`, `$FILE:/path`", help="required, unless PEM"
    )
    key_store_type: str | None = parameter(
        f"{PREFIX}.key.store.type", store_type, values=_FORMAT_NAMES, help="by default what the file is"
    )
    key_password: str = parameter(
        f"{PREFIX}.cert.pass",
        default="",
        values="text, `$SYSTEM:NAME`, `$FILE:/path`",
        help="of the private key; by default the same",
    )
    key_file: str = parameter(
        f"{PREFIX}.key.file", default="", values="path", help="the private key, when it has a PEM file of its own"
    )
    trust_store_file: str = parameter(
        TRUST_STORE, default="", values="path", help="who may sign clients' certificates; makes these mandatory"
    )
    trust_store_password: str = parameter(
        _TRUST_STORE_PASSWORD,
        default="",
        values="text, `$SYSTEM:NAME`, `$FILE:/path`",
        help="required with a trust store, unless PEM",
    )
    trust_store_type: str | None = parameter(
        f"{PREFIX}.trust.store.type", store_type, values=_FORMAT_NAMES, help="by default what the file is"
    )
    verify_client: str = parameter(
        _VERIFY_CLIENT,
        choice("require", "optional"),
        "require",
        values="require, optional",
        help="whether a client may come without a certificate",
    )
    protocols: tuple[str, ...] = parameter(
        _PROTOCOLS,
        names,
        (),
        values="`TLS`, `TLSv1.2`, `TLSv1.3`",
        help="versions, separated by commas; `TLS` is both",
    )
    suites: tuple[str, ...] = parameter(
        _SUITES, names, (), values="names of the JSSE or of OpenSSL", help="separated by commas"
    )

    @property
    def key_store(self) -> KeyStore:
        return KeyStore(
            self.key_store_file, self.key_store_password, self.key_store_type, self.key_password, self.key_file
        )

    @property
    def trust_store(self) -> TrustStore | None:
        if not self.trust_store_file:
            return None
        return TrustStore(self.trust_store_file, self.trust_store_password, self.trust_store_type)

    @property
    def policy(self) -> Policy:
        return policy(self.protocols, self.suites)[0]

    @property
    def terms(self) -> tuple[tuple[str, str], ...]:
        """
        What clients have been let in under.

        Not the key store: a server that shows another certificate has its clients stay.
        """
        return (
            (TRUST_STORE, self.trust_store_file),
            (_VERIFY_CLIENT, self.verify_client if self.trust_store_file else ""),
            (_PROTOCOLS, repr(self.policy)),
        )


def check_tls(tls: InboundTls, protocol: str, reader: ParameterReader, compiler: Compiler) -> None:
    """Report what is missing, with the originals' texts. Files are not looked at (:func:`.check_stores`)."""
    given = [declared.name for _, declared in declared_parameters(InboundTls) if reader.texts.get(declared.name)]
    if protocol != "wss":
        for name in given:
            message = f'parameter "{name}" has no effect: the protocol of the endpoint is {protocol}'
            compiler.info(message, reader.place(name))
        return

    def error(name: str, message: str) -> None:
        compiler.error(GrammarError(message), reader.place(name))

    _check_passwords(tls, reader, error)
    if not tls.key_store_file or not (tls.key_store_password or _is_pem(tls.key_store_file, tls.key_store_type)):
        missing = _KEY_STORE_PASSWORD if tls.key_store_file else KEY_STORE
        error(KEY_STORE, f"keyStoreFile or keyStorePass not defined : wss needs the parameter {missing}")
    if tls.trust_store_file:
        if not (tls.trust_store_password or _is_pem(tls.trust_store_file, tls.trust_store_type)):
            error(TRUST_STORE, f"trustStorePass is not defined : parameter {_TRUST_STORE_PASSWORD}")
    elif reader.texts.get(_VERIFY_CLIENT):
        error(_VERIFY_CLIENT, f"parameter {_VERIFY_CLIENT} needs a trust store: {TRUST_STORE}")
    try:
        for remark in policy(tls.protocols, tls.suites)[1]:
            compiler.warning(remark, reader.place(_SUITES if remark.startswith("the cipher") else _PROTOCOLS))
    except ValueError as exc:
        name = _SUITES if tls.suites else _PROTOCOLS
        error(name, f'parameter {name} "{reader.texts.get(name)}" {exc}')


def check_stores(tls: InboundTls, directory: Path) -> Iterator[tuple[str, Severity, str]]:
    """
    Read the stores, and say what is wrong with them.

    Returns:
        Remarks, each with the name of the parameter that it is about.
    """
    try:
        entry = use_key(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), tls.key_store, directory)
    except KeyStoreError as exc:
        yield KEY_STORE, Severity.ERROR, exc.message
    else:
        for certificate in entry.chain:
            if reason := lapse(certificate):
                subject = certificate.subject.rfc4514_string()
                yield KEY_STORE, Severity.WARNING, f"KeyStore File {tls.key_store_file}: certificate {subject} {reason}"
        if exposed := exposed_key(tls.key_store, directory):
            yield KEY_STORE, Severity.WARNING, f"every user of this machine can read the private key in {exposed}"
    if tls.trust_store is not None:
        try:
            certificates = read_trusted(tls.trust_store, directory)
        except KeyStoreError as exc:
            yield TRUST_STORE, Severity.ERROR, exc.message
        else:
            if all(map(lapse, certificates)):
                message = f"trustStore File {tls.trust_store_file}: none of the certificates is valid today"
                yield TRUST_STORE, Severity.WARNING, message


def _check_passwords(tls: InboundTls, reader: ParameterReader, error: Callable[[str, str], None]) -> None:
    for name in (_KEY_STORE_PASSWORD, _TRUST_STORE_PASSWORD, f"{PREFIX}.cert.pass"):
        text = reader.texts.get(name, "")
        if "vault-lookup(" in text or text.startswith("$secret{"):
            error(
                name, f"parameter {name} is in a secure vault, which there is none of: use $SYSTEM:NAME or $FILE:/path"
            )


def _is_pem(file: str, type: str | None) -> bool:
    """Told without reading; a PEM file needs no password."""
    return type == "PEM" or (type is None and PurePath(file).suffix.lower() in _PEM_SUFFIXES)
