from __future__ import annotations

import pytest

from mediation.transports.websocket.handshake import (
    InvalidHeader,
    InvalidResponse,
    Rejection,
    Request,
    accept_value,
    read_request,
    read_response,
    select_subprotocol,
    split_head,
    split_subprotocols,
    write_acceptance,
    write_rejection,
    write_request,
)

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
JSON = "synapse(contentType='application/json')"
XML = "synapse(contentType='application/xml')"


def head(*, line: str = "GET /chat?a=1 HTTP/1.1", drop: str = "", **changes: str) -> bytes:
    """A good request without the header `drop`, and with others changed or added: ``Sec_WebSocket_Key="..."``."""
    headers = {
        "Host": "localhost",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": KEY,
    }
    headers.update((name.replace("_", "-"), value) for name, value in changes.items())
    headers.pop(drop, None)
    return "\r\n".join([line, *(f"{name}: {value}" for name, value in headers.items())]).encode("latin-1")


def plain(line: str, *headers: str) -> bytes:
    return "\r\n".join([line, "Host: localhost", *headers]).encode("latin-1")


def rejection_of(received: bytes) -> Rejection:
    with pytest.raises(Rejection) as caught:
        read_request(received)
    return caught.value


class TestRequest:
    def test_keeps_target_and_headers_as_sent(self) -> None:
        request = read_request(head(X_Trace="  a b\t"), ("10.0.0.1", 4711), ("10.0.0.2", 80), "wss")

        assert (request.target, request.path, request.query) == ("/chat?a=1", "/chat", "a=1")
        assert request.headers[0] == ("Host", "localhost")
        assert request.get("x-trace") == "a b"
        assert request.get("absent") is None
        assert (request.remote, request.local, request.scheme) == (("10.0.0.1", 4711), ("10.0.0.2", 80), "wss")

    @pytest.mark.parametrize(
        "changes",
        [
            {"Connection": "keep-alive, Upgrade"},  # Firefox
            {"Connection": "upgrade"},
            {"Upgrade": "WebSocket"},
            {"Content_Length": "0"},
        ],
    )
    def test_is_accepted_with(self, changes: dict[str, str]) -> None:
        assert read_request(head(**changes)).path == "/chat"

    def test_offers_of_several_headers_are_one_list(self) -> None:
        request = Request("/", (("Sec-WebSocket-Protocol", f"a, {JSON}"), ("sec-websocket-protocol", "b")))

        assert request.subprotocols == ["a", JSON, "b"]

    @pytest.mark.parametrize(
        ("received", "status"),
        [
            (plain("GET / HTTP/1.1"), 426),
            (plain("GET /health?deep=1 HTTP/1.1"), 426),
            (plain("GET /healthy HTTP/1.1"), 426),
            (plain("GET / HTTP/1.1", "Upgrade: h2c", "Connection: Upgrade"), 426),
            (plain("POST / HTTP/1.1", "Content-Length: 3"), 405),
            (head(line="POST /chat HTTP/1.1"), 405),
            (plain("CONNECT example.org:443 HTTP/1.1"), 400),
            (plain("GET http://example.org/ HTTP/1.1"), 400),
            (head(line="GET /chat HTTP/1.0"), 400),
            (head(line="GET /chat HTTP/2.0"), 400),
            (head(line="GET /chat"), 400),
            (head(line="GET  /chat HTTP/1.1"), 400),
            (head(line="GET /ch\x00at HTTP/1.1"), 400),
            (head(line="GET /chät HTTP/1.1"), 400),
            (head(drop="Connection"), 400),
            (head(Connection="keep-alive"), 400),
            (head(drop="Host"), 400),
            (head() + b"\r\nHost: other", 400),
            (head(Sec_WebSocket_Version="8"), 426),
            (head(Sec_WebSocket_Version="7"), 426),
            (head(Sec_WebSocket_Version="13, 8"), 426),
            (head(drop="Sec-WebSocket-Version"), 426),
            (head(drop="Sec-WebSocket-Key"), 400),
            (head(Sec_WebSocket_Key="c2hvcnQ="), 400),
            (head(Sec_WebSocket_Key="not base64 at all!!!!!!!"), 400),
            (head() + f"\r\nSec-WebSocket-Key: {KEY}".encode(), 400),
            (head(Content_Length="5"), 400),
            (head(Transfer_Encoding="chunked"), 400),
            (head(Content_Length="0", Transfer_Encoding="chunked"), 400),
            (head(Content_Length="0") + b"\r\nContent-Length: 0", 400),
            (head() + b"\r\n folded: line", 400),
            (head() + b"\r\nX-Folded: a\r\n\tb", 400),
            (head() + b"\r\nno colon", 400),
            (head() + b"\r\nSpace : before", 400),
            (head() + b"\r\n: nameless", 400),
            (head() + b"\r\nX-Nul: a\x00b", 400),
            (head() + b"\r\nX-Cr: a\rb", 400),
            (b"", 400),
        ],
    )
    def test_is_refused(self, received: bytes, status: int) -> None:
        assert rejection_of(received).status == status

    def test_a_version_that_we_do_not_speak_is_told_ours(self) -> None:
        assert ("Sec-WebSocket-Version", "13") in rejection_of(head(Sec_WebSocket_Version="8")).headers

    def test_health_is_answered_without_a_body(self) -> None:
        rejection = rejection_of(plain("GET /health HTTP/1.0"))

        assert rejection.status == 200
        assert write_rejection(rejection) == b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class TestHead:
    def test_has_not_arrived_yet(self) -> None:
        assert split_head(b"GET / HTTP/1.1\r\nHost: x\r\n", 100) is None

    def test_is_split_from_what_follows(self) -> None:
        assert split_head(b"GET / HTTP/1.1\r\n\r\n\x81\n\r\n\r\n", 100) == (b"GET / HTTP/1.1", b"\x81\n\r\n\r\n")

    @pytest.mark.parametrize("received", [b"x" * 101, b"x" * 101 + b"\r\n\r\n"])
    def test_is_too_long(self, received: bytes) -> None:
        with pytest.raises(Rejection) as caught:
            split_head(received, 100)
        assert caught.value.status == 431

    @pytest.mark.parametrize("received", [b"GET / HTTP/1.1\n", b"GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n"])
    def test_has_a_bare_line_feed(self, received: bytes) -> None:
        with pytest.raises(Rejection) as caught:
            split_head(received, 100)
        assert caught.value.status == 400


class TestSubprotocols:
    @pytest.mark.parametrize(
        ("value", "parts"),
        [
            ("", []),
            (" , ,", []),
            ("chat", ["chat"]),
            ("a,b , c", ["a", "b", "c"]),
            (f"{JSON}, {XML}", [JSON, XML]),
            ("f(x='a,b', y=2), g", ["f(x='a,b', y=2)", "g"]),
            ("f(')'), g", ["f(')')", "g"]),
            ('"a,b", c', ['"a,b"', "c"]),
            ("o'brien, o'hara", ["o'brien", "o'hara"]),
            ("f(open, g", ["f(open", "g"]),
            ('say "open, g', ['say "open', "g"]),
        ],
    )
    def test_are_split_outside_of_parentheses_and_quotes(self, value: str, parts: list[str]) -> None:
        assert split_subprotocols(value) == parts

    def test_are_split_in_time_whatever_they_are(self) -> None:
        for hostile in ("(" * 8000, "('" * 4000, '("' * 4000, "f('" * 2700, '"' * 8001):
            split_subprotocols(hostile)

    def test_first_of_the_clients_order_wins(self) -> None:
        assert select_subprotocol(["x", XML, JSON], [JSON, XML]) == XML
        assert select_subprotocol(["x", JSON.upper()], [JSON]) is None
        assert select_subprotocol([], [JSON]) is None


class TestAcceptance:
    def test_is_that_of_the_rfc(self) -> None:
        request = read_request(head())

        lines = write_acceptance(request, JSON, [("X-Node", "ä")]).split(b"\r\n")

        assert lines[0] == b"HTTP/1.1 101 Switching Protocols"
        assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in lines  # RFC 6455 section 1.3
        assert f"Sec-WebSocket-Protocol: {JSON}".encode() in lines
        assert b"X-Node: \xe4" in lines
        assert lines[-2:] == [b"", b""]

    def test_names_no_subprotocol_unless_there_is_one(self) -> None:
        assert b"Sec-WebSocket-Protocol" not in write_acceptance(read_request(head()), None)


HOSTILE_VALUES = [
    "a\r\nX-Injected: 1",
    "a\nb",
    "a\rb",
    "a\x00b",
    "a\x0bb",
    "a\x0cb",
    "a\x1cb",
    "a\x7fb",
    "a\x85b",
    "a\u2028b",
]
HOSTILE_NAMES = ["", "A B", "A:", "A\r\nB", "Ä", "A\x00"]
OURS = ["Upgrade", "connection", "Content-Length", "Transfer-Encoding", "SEC-WEBSOCKET-KEY", "Sec-WebSocket-Extensions"]


class TestInjection:
    @pytest.mark.parametrize("value", HOSTILE_VALUES)
    def test_values_cannot_end_a_line(self, value: str) -> None:
        for write in (
            lambda: write_request("localhost", "/", KEY, [], [("X-Name", value)]),
            lambda: write_request("localhost", "/", KEY, [value], []),
            lambda: write_acceptance(read_request(head()), None, [("X-Name", value)]),
            lambda: write_acceptance(read_request(head()), value),
            lambda: write_rejection(Rejection(403, "no", [("X-Name", value)])),
        ):
            with pytest.raises(InvalidHeader, match=r"X-Name|Sec-WebSocket-Protocol"):
                write()

    @pytest.mark.parametrize("name", HOSTILE_NAMES)
    def test_names_are_tokens(self, name: str) -> None:
        with pytest.raises(InvalidHeader, match="is not a header name"):
            write_request("localhost", "/", KEY, [], [(name, "x")])

    @pytest.mark.parametrize("name", OURS)
    def test_headers_of_the_handshake_cannot_be_set(self, name: str) -> None:
        with pytest.raises(InvalidHeader, match="belongs to the handshake"):
            write_request("localhost", "/", KEY, [], [(name, "x")])
        with pytest.raises(InvalidHeader, match="belongs to the handshake"):
            write_acceptance(read_request(head()), None, [(name, "x")])

    @pytest.mark.parametrize("value", ["", " a", "a, b"])
    def test_a_subprotocol_is_one_value(self, value: str) -> None:
        with pytest.raises(InvalidHeader):
            write_request("localhost", "/", KEY, [value], [])


class TestOurRequest:
    def test_is_what_a_server_accepts(self) -> None:
        written = write_request("localhost:8082", "/websocket?a=b", KEY, [JSON, "chat"], [("X-User", "me")])

        request = read_request(written.removesuffix(b"\r\n\r\n"))

        assert request.target == "/websocket?a=b"
        assert request.get("Host") == "localhost:8082"
        assert request.subprotocols == [JSON, "chat"]
        assert request.get("X-User") == "me"

    def test_has_one_host(self) -> None:
        written = write_request("localhost:8082", "/", KEY, [], [("host", "bus.example.org")])

        assert read_request(written.removesuffix(b"\r\n\r\n")).get_all("Host") == ["bus.example.org"]


def response(status: str = "101 Switching Protocols", drop: str = "", **changes: str) -> bytes:
    headers = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": accept_value(KEY)}
    headers.update((name.replace("_", "-"), value) for name, value in changes.items())
    headers.pop(drop, None)
    return "\r\n".join([f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers.items())]).encode()


class TestResponse:
    def test_is_accepted(self) -> None:
        assert read_response(response(), KEY, []) == (None, [])
        assert read_response(response(Sec_WebSocket_Protocol=JSON), KEY, ["chat", JSON]) == (JSON, [])

    @pytest.mark.parametrize(
        ("received", "offered", "status", "text"),
        [
            (response("302 Found"), [], 302, "Found"),
            (response("503"), [], 503, "Service Unavailable"),
            (b"HTTP/1.0 404 Nothing here", [], 404, "Nothing here"),
            (response("599 Odd"), [], 599, "Odd"),
            (b"SSH-2.0-OpenSSH", [], 0, "Not an HTTP response"),
            (response(drop="Upgrade"), [], 101, "Invalid handshake response upgrade"),
            (response(Connection="close"), [], 101, "Invalid handshake response upgrade"),
            (response(Sec_WebSocket_Accept="wrong"), [], 101, "Invalid challenge"),
            (response(drop="Sec-WebSocket-Accept"), [], 101, "Invalid challenge"),
            (response(), [JSON], 101, f"Invalid subprotocol. Actual: null. Expected one of: {JSON}"),
            (
                response(Sec_WebSocket_Protocol="c"),
                ["a", "b"],
                101,
                "Invalid subprotocol. Actual: c. Expected one of: a, b",
            ),
            (response(Sec_WebSocket_Protocol="c"), [], 101, "Invalid subprotocol. Actual: c. Expected one of:"),
            (response() + b"\r\nX-Nul: \x00", [], 101, "A header is malformed"),
        ],
    )
    def test_is_refused(self, received: bytes, offered: list[str], status: int, text: str) -> None:
        with pytest.raises(InvalidResponse) as caught:
            read_response(received, KEY, offered)
        assert (caught.value.status, caught.value.text) == (status, text)
