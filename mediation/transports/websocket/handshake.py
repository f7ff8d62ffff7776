"""
Both opening handshakes (RFC 6455 section 4), as text: reading and writing, without a network.

Stricter than HTTP asks for, because what a lenient reader lets through is what request smuggling and header injection
are made of: no folded lines, no bare line feeds, no bodies, one ``Host``. More lenient in one point: sub-protocols need
not be tokens, since those of this world are ``synapse(contentType='application/json')`` (``docs/compatibility.md``).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import http
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mediation.errors import InvalidHeader

Header = tuple[str, str]

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_TARGET = re.compile(r"/[!-~]*")
_BARE_LF = re.compile(rb"(?<!\r)\n")
# What may be read: all but control characters. What we write: no C1 controls either (U+0085 ends a line for some).
_READABLE = re.compile(r"[\t -~\x80-\xff]*")
_WRITABLE = re.compile(r"[\t -~\xa0-\xff]*")
# Commas separate, except within double quotes, parentheses, and quotes within these. A lone single quote is a token's.
_SUBPROTOCOL = re.compile(r"""(?:"[^"]*"|\((?:'[^']*'|"[^"]*"|[^()'"])*\)|[^,])+""")
_STATUS_LINE = re.compile(r"HTTP/1\.[01] ([0-9]{3})(?: (.*))?")

_FRAMING = frozenset({"connection", "content-length", "content-type", "transfer-encoding"})
_OURS = _FRAMING - {"content-type"} | {
    "keep-alive",
    "proxy-connection",
    "sec-websocket-accept",
    "sec-websocket-extensions",
    "sec-websocket-key",
    "sec-websocket-protocol",
    "sec-websocket-version",
    "te",
    "trailer",
    "upgrade",
}
"""Headers that make the handshake; they cannot be set from outside."""


class Rejection(Exception):
    """
    The answer to a request that does not become a WebSocket connection.

    Args:
        status: HTTP status, 200 to 599.
        text: body, for people; by default the phrase of the status.
        headers: further headers of the answer.
    """

    def __init__(self, status: int, text: str | None = None, headers: Iterable[Header] = ()) -> None:
        phrase = _phrase(status)
        super().__init__(f"{status} {phrase}")
        self.status = status
        self.text = phrase if text is None else text
        self.headers = tuple(headers)


@dataclass(frozen=True, slots=True)
class Request:
    """
    A complete, valid upgrade request. `headers` are as sent, in order; text is ISO 8859-1.

    Attributes:
        peer_certificate: what the client proved in TLS, as :meth:`ssl.SSLObject.getpeercert` gives it; ``None`` if the
            client showed none, or was not asked for one.
        peer_certificate_der: the same certificate, whole.
    """

    target: str
    headers: tuple[Header, ...]
    remote: tuple[str, int] = ("", 0)
    local: tuple[str, int] = ("", 0)
    scheme: str = "ws"
    method: str = "GET"
    peer_certificate: Mapping[str, Any] | None = None
    peer_certificate_der: bytes | None = None

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    @property
    def subprotocols(self) -> list[str]:
        """What the client offers, in its order of preference."""
        return split_subprotocols(", ".join(self.get_all("Sec-WebSocket-Protocol")))

    def get(self, name: str, default: str | None = None) -> str | None:
        """The first value of a header."""
        return next(iter(self.get_all(name)), default)

    def get_all(self, name: str) -> list[str]:
        return _values(self.headers, name)


# -- sub-protocols -----------------------------------------------------------------------------------------------------


def is_settable(name: str) -> bool:
    """Whether a header may be added to a handshake."""
    return name.lower() not in _OURS


def split_subprotocols(value: str) -> list[str]:
    """The values of a ``Sec-WebSocket-Protocol`` header."""
    return [part for part in (found.strip() for found in _SUBPROTOCOL.findall(value)) if part]


def select_subprotocol(offered: Sequence[str], supported: Iterable[str]) -> str | None:
    """The first of the client's values that the server supports; equal to the character."""
    known = frozenset(supported)
    return next((value for value in offered if value in known), None)


# -- the server's side -------------------------------------------------------------------------------------------------


def split_head(received: bytes | bytearray, limit: int) -> tuple[bytes, bytes] | None:
    """
    Returns: head and what came after it, or ``None`` if the head has not arrived yet.

    Raises:
        Rejection: it is longer than `limit` bytes, or its lines end with bare line feeds and it would never end.
    """
    end = received.find(b"\r\n\r\n")
    head = received if end < 0 else received[:end]
    if _BARE_LF.search(head):
        raise Rejection(400, "A line ends without a carriage return")
    if len(head) > limit:
        raise Rejection(431, f"The head of the request is longer than {limit} bytes")
    return None if end < 0 else (bytes(head), bytes(received[end + 4 :]))


def read_request(
    head: bytes, remote: tuple[str, int] = ("", 0), local: tuple[str, int] = ("", 0), scheme: str = "ws"
) -> Request:
    """
    Raises:
        Rejection: with the answer that the client gets; ``GET /health`` without an upgrade is answered with 200.
    """
    request_line, *lines = head.decode("latin-1").split("\r\n")
    method, target, version = _read_request_line(request_line)
    headers = _read_headers(lines)
    _refuse_ambiguity(headers, version)
    if "websocket" not in _tokens(headers, "Upgrade"):
        raise _plain_http(method, target)
    if method != "GET":
        raise Rejection(405, "A WebSocket handshake is a GET request", [("Allow", "GET")])
    if version != "HTTP/1.1":
        raise Rejection(400, "A WebSocket handshake needs HTTP/1.1")
    if "upgrade" not in _tokens(headers, "Connection"):
        raise Rejection(400, "The header Connection: Upgrade is missing")
    if _values(headers, "Content-Length") not in ([], ["0"]) or _values(headers, "Transfer-Encoding"):
        raise Rejection(400, "A WebSocket handshake has no body")
    if _values(headers, "Sec-WebSocket-Version") != ["13"]:
        versions = [("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")]
        raise Rejection(426, "The version of the WebSocket protocol is 13", versions)
    if len(keys := _values(headers, "Sec-WebSocket-Key")) != 1 or not _is_key(keys[0]):
        raise Rejection(400, "Sec-WebSocket-Key must be 16 bytes in Base64")
    return Request(target, headers, remote, local, scheme)


def write_acceptance(
    request: Request, subprotocol: str | None, headers: Iterable[Header] = (), extensions: str | None = None
) -> bytes:
    """
    The 101 response.

    Args:
        extensions: what was agreed to, if anything.

    Raises:
        InvalidHeader: a header or the sub-protocol cannot be written.
    """
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {accept_value(request.get('Sec-WebSocket-Key', ''))}",
    ]
    if subprotocol is not None:
        lines.append(f"Sec-WebSocket-Protocol: {_checked_subprotocol(subprotocol)}")
    if extensions is not None:
        lines.append(f"Sec-WebSocket-Extensions: {extensions}")
    lines += (_header_line(name, value) for name, value in headers)
    return _head(lines)


def write_rejection(rejection: Rejection) -> bytes:
    """
    The whole response, which ends the connection.

    Raises:
        InvalidHeader: a header cannot be written.
    """
    body = rejection.text.encode()
    lines = [f"HTTP/1.1 {rejection.status} {_phrase(rejection.status)}", f"Content-Length: {len(body)}"]
    if body:
        lines.append("Content-Type: text/plain; charset=utf-8")
    lines += (_header_line(name, value, _FRAMING) for name, value in rejection.headers)
    return _head([*lines, "Connection: close"]) + body


# -- the client's side -------------------------------------------------------------------------------------------------


class InvalidResponse(Exception):
    """
    The answer to our handshake that is not an acceptance.

    `text` is the phrase of the status, or with status 101 what is wrong with it.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(status, text)
        self.status = status
        self.text = text


def new_key() -> str:
    return base64.b64encode(os.urandom(16)).decode()


def accept_value(key: str | None) -> str:
    """``Sec-WebSocket-Accept`` for a ``Sec-WebSocket-Key`` (4.2.2)."""
    return base64.b64encode(hashlib.sha1(f"{key}{_GUID}".encode()).digest()).decode()


def write_request(
    host: str,
    target: str,
    key: str,
    subprotocols: Sequence[str],
    headers: Iterable[Header],
    extensions: str | None = None,
) -> bytes:
    """
    Args:
        host: with the port, unless that is the scheme's own; a ``Host`` in `headers` takes its place.

    Raises:
        InvalidHeader: a header or sub-protocol cannot be written.
    """
    given = list(headers)
    lines = [f"GET {target} HTTP/1.1"]
    if not any(name.lower() == "host" for name, _ in given):
        lines.append(f"Host: {host}")
    lines += ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}"]
    if subprotocols:
        lines.append("Sec-WebSocket-Protocol: " + ", ".join(map(_checked_subprotocol, subprotocols)))
    if extensions is not None:
        lines.append(f"Sec-WebSocket-Extensions: {extensions}")
    lines += (_header_line(name, value) for name, value in given)
    return _head(lines)


def read_response(
    head: bytes, key: str, offered: Sequence[str], *, subprotocol_required: bool = True
) -> tuple[str | None, list[str]]:
    """
    Args:
        subprotocol_required: whether the server has to choose one of those that were offered.

    Returns: the sub-protocol that the server chose, and the values of its ``Sec-WebSocket-Extensions``, which the
        caller has to check.

    Raises:
        InvalidResponse: the server did not accept, or not what was asked for.
    """
    status_line, *lines = head.decode("latin-1").split("\r\n")
    if (match := _STATUS_LINE.fullmatch(status_line)) is None:
        raise InvalidResponse(0, "Not an HTTP response")
    if (status := int(match[1])) != 101:
        raise InvalidResponse(status, match[2] or _phrase(status))
    try:
        headers = _read_headers(lines)
    except Rejection as rejection:
        raise InvalidResponse(101, rejection.text) from rejection
    if "websocket" not in _tokens(headers, "Upgrade") or "upgrade" not in _tokens(headers, "Connection"):
        raise InvalidResponse(101, "Invalid handshake response upgrade")
    if _values(headers, "Sec-WebSocket-Accept") != [accept_value(key)]:
        raise InvalidResponse(101, "Invalid challenge")
    subprotocol = _agreed_subprotocol(_values(headers, "Sec-WebSocket-Protocol"), offered, subprotocol_required)
    return subprotocol, _values(headers, "Sec-WebSocket-Extensions")


def _agreed_subprotocol(values: list[str], offered: Sequence[str], required: bool) -> str | None:
    actual = ", ".join(values) if values else None
    if (actual is None and not (offered and required)) or actual in offered:
        return actual
    raise InvalidResponse(
        101, f"Invalid subprotocol. Actual: {actual or 'null'}. Expected one of: {', '.join(offered)}".rstrip()
    )


# -- heads -------------------------------------------------------------------------------------------------------------


def _read_request_line(line: str) -> tuple[str, str, str]:
    parts = line.split(" ")
    if len(parts) != 3 or not _TOKEN.fullmatch(parts[0]) or parts[2] not in ("HTTP/1.1", "HTTP/1.0"):
        raise Rejection(400, "Not an HTTP/1.1 request")
    method, target, version = parts
    if not _TARGET.fullmatch(target):
        # Also the absolute form and CONNECT's: this is no proxy.
        raise Rejection(400, "The target of the request is not a path")
    return method, target, version


def _read_headers(lines: Iterable[str]) -> tuple[Header, ...]:
    headers = []
    for line in lines:
        name, colon, value = line.partition(":")
        value = value.strip(" \t")
        # A folded line begins with white space, which no name does.
        if not colon or not _TOKEN.fullmatch(name) or not _READABLE.fullmatch(value):
            raise Rejection(400, "A header is malformed")
        headers.append((name, value))
    return tuple(headers)


def _refuse_ambiguity(headers: tuple[Header, ...], version: str) -> None:
    """Refuse what two HTTP implementations in a row could understand in two ways."""
    hosts = len(_values(headers, "Host"))
    if hosts > 1 or (hosts == 0 and version == "HTTP/1.1"):
        raise Rejection(400, "There must be one Host header")
    lengths, codings = _values(headers, "Content-Length"), _values(headers, "Transfer-Encoding")
    if len(lengths) + len(codings) > 1:
        raise Rejection(400, "The length of the body is ambiguous")


def _plain_http(method: str, target: str) -> Rejection:
    if target == "/health" and method in ("GET", "HEAD"):
        return Rejection(200, "")
    if method != "GET":
        return Rejection(405, "This port speaks WebSocket", [("Allow", "GET")])
    return Rejection(426, "This port speaks WebSocket: use a ws:// client", [("Upgrade", "websocket")])


def _values(headers: Iterable[Header], name: str) -> list[str]:
    wanted = name.lower()
    return [value for name, value in headers if name.lower() == wanted]


def _tokens(headers: Iterable[Header], name: str) -> set[str]:
    # A list: Firefox sends "Connection: keep-alive, Upgrade".
    return {token.strip(" \t").lower() for value in _values(headers, name) for token in value.split(",")}


def _is_key(value: str) -> bool:
    try:
        return len(base64.b64decode(value.encode("ascii"), validate=True)) == 16
    except (UnicodeEncodeError, binascii.Error):
        return False


def _header_line(name: str, value: str, ours: frozenset[str] = _OURS) -> str:
    if not _TOKEN.fullmatch(name):
        raise InvalidHeader(name, "is not a header name")
    if name.lower() in ours:
        raise InvalidHeader(name, "belongs to the handshake and cannot be set")
    if not _WRITABLE.fullmatch(value):
        raise InvalidHeader(name, "has a value with control characters, or with characters beyond ISO 8859-1")
    return f"{name}: {value}"


def _checked_subprotocol(value: str) -> str:
    if not _WRITABLE.fullmatch(value) or split_subprotocols(value) != [value]:
        raise InvalidHeader("Sec-WebSocket-Protocol", f"cannot have the value {value!r}")
    return value


def _head(lines: Iterable[str]) -> bytes:
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _phrase(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
