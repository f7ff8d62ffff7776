"""What a key store holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509 import Certificate, InvalidVersion

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

DAMAGE: Final = (ValueError, InvalidVersion, UnsupportedAlgorithm)
"""What the library raises for content that is not what it should be."""


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """
    A private key, and the certificates that go with it.

    Attributes:
        alias: its name in the store, as far as the format has names.
        chain: the key's own certificate, and those that lead to an authority, as they are sent to the other side.
    """

    alias: str
    key: PrivateKeyTypes
    chain: tuple[Certificate, ...]

    @property
    def fits(self) -> bool:
        """Whether the certificate is for this key."""
        return self.chain[0].public_key() == self.key.public_key()


def check_readable(certificates: Iterable[Certificate]) -> None:
    """Read the parts that the library only looks at when they are asked for; raises one of :data:`DAMAGE`."""
    for each in certificates:
        _ = each.subject, each.issuer, each.not_valid_before_utc, each.not_valid_after_utc, each.public_key()


def chain_from(certificate: Certificate, others: Iterable[Certificate]) -> tuple[Certificate, ...]:
    """The certificate and its issuers among ``others``, in the order in which TLS sends them."""
    chain, left = [certificate], [other for other in others if other != certificate]
    while issuer := next((each for each in left if each.subject == chain[-1].issuer), None):
        if chain[-1].subject == chain[-1].issuer:
            break
        chain.append(issuer)
        left.remove(issuer)
    return tuple(chain)
