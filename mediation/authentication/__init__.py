"""
Who may open a WebSocket: asked before the 101, and again while the connection lives.

::

    gate             lets a handshake in, or refuses it
    credentials      what a handshake shows
    lookups          questions to the authenticator, in threads; what is known is not asked again for a while
    throttle         how often an address may be wrong
    json_web_tokens  JWTs, their keys and where the keys come from
    patrol           ends connections whose credential has ended

What counts is in :mod:`mediation.access`. Users, logins and opaque tokens are the
:class:`mediation.environment.Authenticator`'s.
"""

from .gate import Gate
from .patrol import Patrol

__all__ = ["Gate", "Patrol"]
