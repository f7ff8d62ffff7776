from __future__ import annotations

import hashlib
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from mediation.client_certificate import certificate_properties
from tests.certificates import identity


def test_what_is_in_the_certificate_is_in_the_properties():
    authority = identity("authority", authority=True)
    names = (
        x509.DNSName("a.example"),
        x509.IPAddress(ip_address("::1")),
        x509.RFC822Name("alice@example.org"),
        x509.UniformResourceIdentifier("spiffe://example/alice"),
        x509.RegisteredID(x509.ObjectIdentifier("1.2.3")),
    )
    alice = identity("alice, the client", authority, alternatives=names).certificate
    der = alice.public_bytes(Encoding.DER)

    assert certificate_properties(der) == {
        "websocket.client.certificate.subject": r"CN=alice\, the client",
        "websocket.client.certificate.issuer": "CN=authority",
        "websocket.client.certificate.serial": f"{alice.serial_number:x}",
        "websocket.client.certificate.names": (
            "DNS:a.example, IP:::1, email:alice@example.org, URI:spiffe://example/alice"
        ),
        "websocket.client.certificate.fingerprint": hashlib.sha256(der).hexdigest(),
    }
