"""What messages say of the certificate that their client proved to have."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

from cryptography import x509

from mediation.properties import (
    CLIENT_CERTIFICATE_FINGERPRINT,
    CLIENT_CERTIFICATE_ISSUER,
    CLIENT_CERTIFICATE_NAMES,
    CLIENT_CERTIFICATE_SERIAL,
    CLIENT_CERTIFICATE_SUBJECT,
)

_KINDS: Final[dict[type[x509.GeneralName], str]] = {
    x509.DNSName: "DNS",
    x509.IPAddress: "IP",
    x509.RFC822Name: "email",
    x509.UniformResourceIdentifier: "URI",
}
"""As OpenSSL writes them."""


def certificate_properties(der: bytes) -> dict[str, str]:
    """
    Properties of each message of a client with this certificate.

    TLS has verified it; what is in it is as the authority signed it. Names that are not readable are left out.
    """
    certificate = x509.load_der_x509_certificate(der)
    properties = {
        CLIENT_CERTIFICATE_SUBJECT: certificate.subject.rfc4514_string(),
        CLIENT_CERTIFICATE_ISSUER: certificate.issuer.rfc4514_string(),
        CLIENT_CERTIFICATE_SERIAL: f"{certificate.serial_number:x}",
        CLIENT_CERTIFICATE_FINGERPRINT: hashlib.sha256(der).hexdigest(),
    }
    names = ", ".join(_alternative_names(certificate))
    return properties | {CLIENT_CERTIFICATE_NAMES: names} if names else properties


def _alternative_names(certificate: x509.Certificate) -> Iterator[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return
    for name in names:
        kind = _KINDS.get(type(name))
        if kind is not None:
            yield f"{kind}:{name.value}"
