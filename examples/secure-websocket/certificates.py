"""Makes the certificates of this example: an authority, and what it signs for the server, the bus and a client."""

import argparse
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID

DAYS = 30


@dataclass(frozen=True)
class Signed:
    """A key and its certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def write_pem(self, file: Path) -> None:
        """Key and certificate, for a client; only its owner can read it."""
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        _write(file, key + self.certificate.public_bytes(Encoding.PEM))

    def write_pkcs12(self, file: Path, password: str) -> None:
        name, protection = file.stem.encode(), BestAvailableEncryption(password.encode())
        _write(file, pkcs12.serialize_key_and_certificates(name, self.key, self.certificate, None, protection))


def make(directory: Path, password: str) -> Signed:
    """
    Write everything.

    Returns:
        The authority, which can sign more.
    """
    directory.mkdir(parents=True, exist_ok=True)
    authority = sign("Example authority")
    (directory / "authority.pem").write_bytes(authority.certificate.public_bytes(Encoding.PEM))
    sign("localhost", authority).write_pkcs12(directory / "server.p12", password)
    sign("bus", authority).write_pkcs12(directory / "bus.p12", password)
    sign("alice", authority).write_pem(directory / "alice.pem")
    return authority


def sign(name: str, authority: Signed | None = None) -> Signed:
    """A certificate that the authority has signed, or that of an authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(authority.certificate.subject if authority else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=DAYS))
        .add_extension(x509.BasicConstraints(ca=authority is None, path_length=None), critical=True)
    )
    if authority is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return Signed(key, builder.sign(authority.key if authority else key, hashes.SHA256()))


def _write(file: Path, content: bytes) -> None:
    """Whole or not at all, as somebody may be reading it."""
    new = file.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_bytes(content)
    new.replace(file)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, epilog="The password of the stores is $STORE_PASSWORD.")
    parser.add_argument("directory", type=Path)
    make(parser.parse_args().directory, os.environ["STORE_PASSWORD"])
