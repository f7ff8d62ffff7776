"""
Key stores and trust stores: private keys with their certificates, and certificates that are trusted.

::

    entries  what is read
    stores   where stores are, and reading a file of any format
    pem      PEM files, with key and certificates in one or in two
    pkcs12   PKCS #12, which Java has as its default since version 9
    jks      Java's own older format, with Sun's protection of keys
    context  stores, put into an SSL context

Everything here reads files and computes for milliseconds: not for the event loop.
"""

from .context import trust, use_key
from .entries import KeyEntry
from .stores import FORMATS, KeyStore, Stamp, TrustStore, exposed_key, lapse, read_key, read_trusted, stamps, store_type

__all__ = [
    "FORMATS",
    "KeyEntry",
    "KeyStore",
    "Stamp",
    "TrustStore",
    "exposed_key",
    "lapse",
    "read_key",
    "read_trusted",
    "stamps",
    "store_type",
    "trust",
    "use_key",
]
