"""What jobs have in common."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mediation.jobs.leases import Claim, Lease


class Job(Protocol):
    """One piece of configuration at work. Made anew when its configuration changes."""

    @property
    def claim(self) -> Claim: ...

    async def work(self, lease: Lease) -> None:
        """
        Work until the lease is over, or until there is nothing to do any more.

        Ends between two messages, never within one; is called again when the lease is granted again. Cancelled when
        the process cannot wait any longer.
        """


def fingerprint(*parts: object) -> str:
    """Of a configuration that is plain data, the same in every process."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]
