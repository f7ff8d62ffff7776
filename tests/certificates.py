"""Certificates for tests: self-signed ones, and an authority that signs."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Identity:
    """A key and its certificate, which ``issuer`` signed."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    issuer: Identity | None = field(default=None)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def key_pem(self, password: str | None = None) -> bytes:
        protection = (
            serialization.NoEncryption()
            if password is None
            else serialization.BestAvailableEncryption(password.encode())
        )
        return self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection)

    def pkcs12(self, password: str) -> bytes:
        chain = [self.issuer.certificate] if self.issuer else None
        protection = serialization.BestAvailableEncryption(password.encode())
        return pkcs12.serialize_key_and_certificates(b"server", self.key, self.certificate, chain, protection)

    def write_pem(self, file: Path) -> Path:
        """Key and certificate in one file that only its owner reads."""
        file.touch(mode=0o600)
        file.write_bytes(self.key_pem() + self.pem)
        return file

    def client_context(self, directory: Path, shown: Identity | None = None) -> ssl.SSLContext:
        """A client that trusts this authority, and shows the identity ``shown``."""
        context = ssl.create_default_context(cadata=self.pem.decode())
        if shown is not None:
            context.load_cert_chain(shown.write_pem(directory / "shown.pem"))
        return context


def identity(
    name: str = "localhost",
    issuer: Identity | None = None,
    *,
    authority: bool = False,
    days: tuple[int, int] = (-1, 1),
    alternatives: tuple[x509.GeneralName, ...] | None = None,
) -> Identity:
    """
    Args:
        issuer: who signs; by default the certificate itself.
        days: from and to when it is valid, from today.
        alternatives: its other names; by default ``name`` as a host.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.SubjectAlternativeName(alternatives or (host_name(name),)), critical=False)
    )
    if authority:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    certificate = builder.sign(issuer.key if issuer else key, hashes.SHA256())
    return Identity(key, certificate, issuer)


def host_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def write_certificate(directory: Path, host: str = "localhost") -> tuple[Path, Path]:
    """A self-signed certificate for ``host`` and its key, as PEM files."""
    made = identity(host)
    certificate_file, key_file = directory / "certificate.pem", directory / "key.pem"
    certificate_file.write_bytes(made.pem)
    key_file.write_bytes(made.key_pem())
    return certificate_file, key_file
