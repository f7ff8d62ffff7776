"""What a peer may take of us, and how long we wait for it."""

from __future__ import annotations

from dataclasses import dataclass

from .deflate import Deflate


@dataclass(frozen=True, slots=True)
class Limits:
    """
    Limits of a connection, and of a listener's handshakes. One value serves any number of them.

    Times are seconds, sizes are bytes; 0 means no limit only where it is said.
    """

    max_message: int = 1024 * 1024
    """Size of a received message, inflated, before a Close 1009. A frame is refused when its length is announced."""
    max_frame: int = 0
    """Size of a received frame, before a Close 1009; 0: as large as a message."""
    max_fragments: int = 16_384
    """Frames of a received message, before a Close 1008; where messages may be large, one for each 64 bytes."""
    message_timeout: float = 60.0
    """Time from the first to the last frame of a message, before a Close 1008."""
    max_control_rate: int = 1000
    """Pings and pongs in one second, before a Close 1008."""
    frames_per_turn: int = 64
    """Messages delivered in a row before other connections get their turn."""

    ping_interval: float = 0.0
    """Time between two pings; 0 sends none."""
    pong_timeout: float = 20.0
    """Time that the peer has to answer a ping."""
    idle_timeout: float = 0.0
    """Time without a message in either direction, before a Close 1001; 0: any."""

    max_head: int = 16 * 1024
    """Size of a request head (431 beyond) or of a back-end's response head."""
    max_openings: int = 1024
    """Handshakes of a listener whose request has not arrived; for each one more, the oldest gets a 408."""
    head_timeout: float = 10.0
    """From the accepted connection to the end of the request head, before a 408; also for the TLS handshake."""
    accept_timeout: float = 10.0
    """Time that the application may take to accept a request, before a 503."""
    last_answers: float = 0.05
    """Time in which answers to what came before a violation are still written, before the connection is failed."""
    close_timeout: float = 5.0
    """Time to wait for the peer's Close, and again for the end of the TCP connection after it."""

    stall_timeout: float = 30.0
    """From going above the high-water mark to getting down to the low one, before the connection is aborted."""
    write_high_water: int = 64 * 1024
    """Size of what waits to be written, above which a connection is not writable."""
    write_low_water: int = 16 * 1024
    """Size of what waits to be written, at or below which it is writable again."""

    deflate: Deflate | None = None
    """How messages are compressed when the peer agrees; ``None``: not at all."""
