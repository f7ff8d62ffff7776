"""
The WebSocket transport, both legs: a client of ours connects to a back-end, and clients connect to a port of ours.

::

    handshake   the opening handshakes as text: requests, answers, sub-protocols
    engine      picows, which reads and writes frames, and is kept from deciding anything
    strict      frames to messages, by RFC 6455 to the letter; assembly: messages of several frames
    deflate     compressed messages, by RFC 7692
    watch       pings, idle connections, messages that do not end
    limits      what a peer may take
    connection  a Connection: sending, closing, flow control
    tcp         TCP and TLS connections, and their failures in words
    server      listen(): a port, and the handshakes of those who connect to it
    client      connect(): a back-end

A connection has a :class:`Handler`, whose plain functions are called on the event loop, and which sends through the
:class:`Connection` that its factory was given. Both legs are the same once the handshake is over.
"""

from mediation.errors import InvalidHeader

from .client import connect
from .connection import Connection, Handler, HandlerFactory
from .deflate import Deflate
from .handshake import Header, Rejection, Request, select_subprotocol, split_subprotocols
from .limits import Limits
from .server import Accept, Handshake, Listener, listen
from .strict import Frame, is_close_code

__all__ = [
    "Accept",
    "Connection",
    "Deflate",
    "Frame",
    "Handler",
    "HandlerFactory",
    "Handshake",
    "Header",
    "InvalidHeader",
    "Limits",
    "Listener",
    "Rejection",
    "Request",
    "connect",
    "is_close_code",
    "listen",
    "select_subprotocol",
    "split_subprotocols",
]
