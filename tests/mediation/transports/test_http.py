from __future__ import annotations

import asyncio
import datetime
import gzip
import ipaddress
import socket
import ssl

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mediation.errors import ConnectionFailed, ConnectionLost, EndpointError, MediationError, SendTimeout
from mediation.headers import Headers
from mediation.message import MessageContext
from mediation.payloads import Payload
from mediation.transports import TRANSPORTS, SendOptions
from mediation.transports.http import HTTP, HttpTransport
from tests.mediation.http_backend import free_port_url, http_backend, raw_backend
from tests.mediation.support import DictEnvironment

SOAP11 = (
    b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">'
    b"<soapenv:Body><a>1</a></soapenv:Body></soapenv:Envelope>"
)
SOAP12_NS = b"http://www.w3.org/2003/05/soap-envelope"
SOAP12_TYPE = 'application/soap+xml; action="urn:old"; charset=utf-8'


@pytest.fixture
async def transport():
    transport = HttpTransport()
    yield transport
    await transport.aclose()


@pytest.fixture
async def backend():
    async with http_backend() as backend:
        yield backend


def message(
    body: bytes = b"<a>1</a>", content_type: str | None = "application/xml", method: str = "POST", **headers: str
) -> MessageContext:
    fields = Headers((name.replace("_", "-"), value) for name, value in headers.items())
    axis2 = {"HTTP_METHOD": method}
    if content_type is not None:
        fields.set("Content-Type", content_type)
        axis2 |= {"messageType": content_type.partition(";")[0], "ContentType": content_type}
    return MessageContext(DictEnvironment(), Payload(body, content_type), headers=fields, axis2=axis2)


def under(parameters: dict[str, str], scheme: str = "http") -> MessageContext:
    """A message where the transport sender has these parameters."""
    ctx = message()
    ctx.environment = DictEnvironment(transports={scheme: parameters})
    return ctx


def test_it_is_the_transport_of_both_schemes():
    assert TRANSPORTS["http"] is TRANSPORTS["https"] is HTTP


# -- requests


async def test_an_untouched_message_arrives_byte_for_byte(transport, backend):
    body = b"<?xml version='1.0'?>\n<a  x='1'/>\n"

    await transport.send(message(body, "text/xml; charset=utf-8"), backend.url + "/p?q=%2F+1", SendOptions())

    (seen,) = backend.seen
    assert (seen.method, seen.target, seen.body) == ("POST", "/p?q=%2F+1", body)
    assert seen.get("Content-Type") == "text/xml; charset=utf-8"


async def test_only_fields_of_the_message_are_sent(transport, backend):
    await transport.send(message(X_A="1", Host="evil", Connection="close"), backend.url, SendOptions())

    (seen,) = backend.seen
    assert {name.lower() for name, _ in seen.headers} == {"host", "x-a", "content-length", "content-type"}
    assert seen.get("Host") == backend.url.removeprefix("http://")


async def test_a_back_end_is_not_told_what_server_answered_before(transport, backend):
    await transport.send(message(Server="one", X_A="1"), backend.url, SendOptions())

    assert {name.lower() for name, _ in backend.seen[0].headers} == {"host", "x-a", "content-length", "content-type"}


async def test_request_host_header_replaces_the_host(transport, backend):
    ctx = message()
    ctx.set("REQUEST_HOST_HEADER", "shop.example:8280", "axis2")

    await transport.send(ctx, backend.url, SendOptions())

    assert backend.seen[0].get_all("Host") == ["shop.example:8280"]


async def test_an_action_that_was_changed_is_the_one_of_the_soap12_media_type(transport, backend):
    ctx = message(SOAP11.replace(b"http://schemas.xmlsoap.org/soap/envelope/", SOAP12_NS), SOAP12_TYPE)
    for action in ("urn:old", "urn:new"):
        ctx.action = action
        for format_ in (None, "soap12"):
            await transport.send(ctx, backend.url, SendOptions(format=format_))

    assert [seen.get("Content-Type") for seen in backend.seen] == [
        SOAP12_TYPE,
        SOAP12_TYPE,
        'application/soap+xml; charset=utf-8; action="urn:new"',
        'application/soap+xml; charset=utf-8; action="urn:new"',
    ]


@pytest.mark.parametrize("format_", ["soap11", "soap12"])
async def test_soap_without_content_is_an_envelope(transport, backend, format_):
    await transport.send(message(b"", None, "GET"), backend.url, SendOptions(format=format_))

    assert b"Envelope" in backend.seen[0].body


@pytest.mark.parametrize("method", ["G ET", "GET\r\nX: 1", "Ü"])
async def test_a_method_that_is_none_is_refused(transport, backend, method):
    with pytest.raises(MediationError, match="is no HTTP method"):
        await transport.send(message(method=method), backend.url, SendOptions())

    assert backend.seen == []


async def test_no_keepalive_closes_the_connection(transport, backend):
    ctx = message()
    ctx.set("NO_KEEPALIVE", "true", "axis2")

    await transport.send(ctx, backend.url, SendOptions())

    assert backend.seen[0].get_all("Connection") == ["close"]


async def test_repeated_fields_arrive_in_their_order(transport, backend):
    ctx = message()
    for value in ("NTLM", "Basic", "ANTLM3"):
        ctx.headers.add("WWW-Authenticate", value)

    await transport.send(ctx, backend.url, SendOptions())

    assert backend.seen[0].get_all("WWW-Authenticate") == ["NTLM", "Basic", "ANTLM3"]


async def test_bytes_of_a_field_beyond_ascii_stay_as_they_are(transport, backend):
    as_read = "日本".encode().decode("latin-1")

    await transport.send(message(X_A=as_read), backend.url, SendOptions())

    assert backend.seen[0].get("X-A") == as_read


@pytest.mark.parametrize(
    ("name", "value"), [("X-A", "1\r\nX-Injected: 1"), ("X-A\r\nX-Injected", "1"), ("X-A", "1\x851"), ("X-A", "\x00")]
)
async def test_a_forged_field_never_reaches_the_wire(transport, name, value):
    ctx = message()
    ctx.set(name, value, "transport")

    async with raw_backend(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as (url, received):
        with pytest.raises(MediationError, match="header") as caught:
            await transport.send(ctx, url, SendOptions())

    assert not isinstance(caught.value, EndpointError)  # the endpoint is not to blame, and not suspended
    assert received == []


async def test_an_address_cannot_forge_a_request_line(transport):
    async with raw_backend(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as (url, received):
        await transport.send(message(), url + "/a b\r\nX-Injected: 1", SendOptions())

    assert received[0].startswith(b"POST /a%20bX-Injected:%201 HTTP/1.1\r\n")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_requests_of_these_methods_have_no_body(transport, backend, method):
    await transport.send(message(method=method), backend.url, SendOptions())

    (seen,) = backend.seen
    assert (seen.method, seen.body, seen.get("Content-Type")) == (method, b"", None)


async def test_the_endpoint_s_method_goes_first(transport, backend):
    await transport.send(message(method="GET"), backend.url, SendOptions(method="PUT"))

    assert (backend.seen[0].method, backend.seen[0].body) == ("PUT", b"<a>1</a>")


async def test_no_entity_body(transport, backend):
    ctx = message()
    ctx.set("NO_ENTITY_BODY", True, "axis2")

    await transport.send(ctx, backend.url, SendOptions())

    assert backend.seen[0].body == b""


async def test_credentials_of_the_address_go_before_those_of_the_client(transport, backend):
    url = backend.url.replace("http://", "http://user:secret@")

    await transport.send(message(Authorization="Bearer client"), url, SendOptions())

    assert backend.seen[0].get_all("Authorization") == ["Basic dXNlcjpzZWNyZXQ="]


# -- formats


async def test_soap11_wraps_the_body_and_names_the_action(transport, backend):
    ctx = message(method="GET")
    ctx.action = "urn:getQuote"

    await transport.send(ctx, backend.url, SendOptions(format="soap11"))

    (seen,) = backend.seen
    assert seen.method == "POST"
    assert b'"http://schemas.xmlsoap.org/soap/envelope/"' in seen.body
    assert b"<a>1</a>" in seen.body
    assert seen.get("Content-Type").startswith("text/xml")
    assert seen.get_all("SOAPAction") == ['"urn:getQuote"']


async def test_soap12_carries_the_action_in_its_content_type(transport, backend):
    ctx = message(SOAP11, "text/xml", SOAPAction='"urn:getQuote"')
    ctx.action = "urn:getQuote"

    await transport.send(ctx, backend.url, SendOptions(format="soap12"))

    (seen,) = backend.seen
    assert b'"http://www.w3.org/2003/05/soap-envelope"' in seen.body
    assert seen.get("Content-Type").startswith("application/soap+xml")
    assert seen.get("Content-Type").endswith('; action="urn:getQuote"')
    assert seen.get("SOAPAction") is None


async def test_pox_takes_the_envelope_off(transport, backend):
    await transport.send(message(SOAP11, "text/xml"), backend.url, SendOptions(format="pox"))

    (seen,) = backend.seen
    assert b"Envelope" not in seen.body
    assert b"<a" in seen.body
    assert seen.get("Content-Type").startswith("application/xml")


async def test_get_puts_the_body_into_the_query(transport, backend):
    ctx = message(b"<q><symbol>A&amp;B</symbol><n>2</n></q>", "application/xml")

    await transport.send(ctx, backend.url + "/p?x=1", SendOptions(format="get"))

    (seen,) = backend.seen
    assert (seen.method, seen.target, seen.body) == ("GET", "/p?x=1&symbol=A%26B&n=2", b"")


async def test_rest_sends_as_it_came(transport, backend):
    await transport.send(message(b'{"a":1}', "application/json"), backend.url, SendOptions(format="rest"))

    assert (backend.seen[0].body, backend.seen[0].get("Content-Type")) == (b'{"a":1}', "application/json")


# -- answers


async def test_the_answer_is_the_back_end_s(transport, backend):
    backend.answers(b'{"b":2}', 201, Content_Type="application/json", X_B="2", Keep_Alive="timeout=5")

    answer = await transport.send(message(), backend.url, SendOptions())

    assert (answer.status, answer.reason) == (201, "Created")
    assert answer.payload.json() == {"b": 2}
    assert answer.headers.get("x-b") == "2"
    assert answer.headers.get("Keep-Alive") is answer.headers.get("Content-Length") is None


async def test_a_redirect_is_an_answer_like_any_other(transport, backend):
    backend.answers(status=302, Location="http://169.254.169.254/")

    answer = await transport.send(message(), backend.url, SendOptions())

    assert (answer.status, answer.headers.get("Location")) == (302, "http://169.254.169.254/")
    assert len(backend.seen) == 1


async def test_cookies_of_one_client_do_not_reach_another(transport, backend):
    backend.answers(Set_Cookie="session=1")

    await transport.send(message(), backend.url, SendOptions())
    await transport.send(message(), backend.url, SendOptions())

    assert backend.seen[1].get("Cookie") is None


async def test_a_compressed_answer_is_mediated_inflated(transport, backend):
    backend.answers(gzip.compress(b"<a>1</a>"), Content_Type="application/xml", Content_Encoding="gzip")

    answer = await transport.send(message(), backend.url, SendOptions())

    assert answer.payload.raw == b"<a>1</a>"
    assert answer.headers.get("Content-Encoding") is None


async def test_an_answer_in_an_unknown_coding_travels_on_as_it_is(transport, backend):
    backend.answers(b"\x0b\x02", Content_Type="application/xml", Content_Encoding="br")

    answer = await transport.send(message(), backend.url, SendOptions())

    assert answer.payload.raw == b"\x0b\x02"
    assert answer.headers.get("Content-Encoding") == "br"


async def test_connections_are_kept(transport):
    async with http_backend() as backend:
        peers = set()

        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            peers.add(request.transport.get_extra_info("peername"))
            return web.Response()

        backend.answer = answer
        for _ in range(3):
            await transport.send(message(), backend.url, SendOptions())

    assert len(peers) == 1


# -- failures


async def test_a_refused_connection(transport):
    url = free_port_url()

    with pytest.raises(ConnectionFailed) as caught:
        await transport.send(message(), url, SendOptions())

    assert (caught.value.code, caught.value.message) == (101503, f"Connection refused: {url.removeprefix('http://')}")


async def test_a_refused_connection_names_host_and_address(transport):
    url = free_port_url().replace("127.0.0.1", "localhost")

    with pytest.raises(ConnectionFailed, match=r"Connection refused: localhost/(127\.0\.0\.1|::1):[0-9]+"):
        await transport.send(message(), url, SendOptions())


async def test_an_unknown_host(transport):
    with pytest.raises(ConnectionFailed, match=r"Unknown host: nowhere\.invalid:80"):
        await transport.send(message(), "http://nowhere.invalid/", SendOptions())


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]", "[::ffff:169.254.169.254]"])
async def test_link_local_addresses_are_refused_in_every_notation(transport, host):
    with pytest.raises(ConnectionFailed, match="Link-local addresses are refused"):
        await transport.send(message(), f"http://{host}/latest/meta-data", SendOptions())


@pytest.mark.parametrize("uri", ["http://", "http://[", "http:///path", "http://h:99999/", "http://2852039166/"])
async def test_an_address_that_is_none(transport, uri):
    with pytest.raises(EndpointError, match="is not an address"):
        await transport.send(message(), uri, SendOptions())


async def test_a_back_end_that_takes_too_long(transport, backend):
    waiting = asyncio.Event()

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        await waiting.wait()
        return web.Response()

    backend.answer = answer
    with pytest.raises(SendTimeout) as caught:
        await transport.send(message(), backend.url, SendOptions(timeout=0.05))
    waiting.set()

    assert (caught.value.code, caught.value.message) == (101504, "Send timeout")


@pytest.mark.parametrize(
    ("answer", "code"), [(b"", 101505), (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", 101501)]
)
async def test_a_back_end_that_closes_before_its_answer_is_complete(transport, answer, code):
    async with raw_backend(answer) as (url, _):
        with pytest.raises(ConnectionLost) as caught:
            await transport.send(message(), url, SendOptions())

    assert caught.value.code == code


async def test_an_answer_that_is_not_of_its_content_coding(transport, backend):
    backend.answers(b"not compressed", Content_Encoding="gzip")
    with pytest.raises(EndpointError, match="not what its Content-Encoding says") as caught:
        await transport.send(message(), backend.url, SendOptions())
    assert caught.value.code == 101510


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 200 OK\r\nX: " + bytes([97]) * 20_000, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x"]
)
async def test_a_head_that_cannot_be_used(transport, head):
    async with raw_backend(head + b"\r\n\r\n") as (url, _):
        with pytest.raises(EndpointError) as caught:
            await transport.send(message(), url, SendOptions())
    assert caught.value.code == 101506


async def test_a_back_end_that_does_not_accept_connections_in_time(transport):
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        port = server.getsockname()[1]
        # The queue of connections that nobody accepts is full.
        held = [socket.socket() for _ in range(4)]
        for each in held:
            each.setblocking(False)
            each.connect_ex(("127.0.0.1", port))
        ctx = under({"http.connection.timeout": "50"})
        with pytest.raises(ConnectionFailed) as caught:
            await transport.send(ctx, f"http://127.0.0.1:{port}/", SendOptions())
        for each in held:
            each.close()
    assert caught.value.code == 101508


async def test_a_back_end_that_does_not_speak_http(transport):
    async with raw_backend(b"SSH-2.0-OpenSSH\r\n\r\n") as (url, _):
        with pytest.raises(EndpointError) as caught:
            await transport.send(message(), url, SendOptions())

    assert caught.value.code == 101506


@pytest.mark.parametrize("compressed", [False, True])
async def test_an_answer_over_the_limit_is_refused(transport, backend, compressed):
    if compressed:
        backend.answers(gzip.compress(bytes(1001)), Content_Encoding="gzip")
    else:
        backend.answers(bytes(1001))

    with pytest.raises(EndpointError, match="larger than 1000 bytes") as caught:
        await transport.send(under({"http.max.response.size": "1000"}), backend.url, SendOptions())

    assert caught.value.code == 101510


@pytest.mark.parametrize("compressed", [False, True])
async def test_a_document_is_held_to_its_own_limit(transport, backend, compressed):
    document = bytes(1000)
    if compressed:
        backend.answers(gzip.compress(document), Content_Encoding="gzip")
    else:
        backend.answers(document)

    assert await transport.fetch(backend.url, 1000, timeout=5) == document
    with pytest.raises(EndpointError, match="larger than 999 bytes"):
        await transport.fetch(backend.url, 999, timeout=5)


# -- properties of the message


async def test_http_10(transport):
    async with raw_backend(b"HTTP/1.0 200 OK\r\n\r\nhi") as (url, received):
        ctx = message()
        ctx.set("FORCE_HTTP_1.0", "true", "axis2")
        answer = await transport.send(ctx, url, SendOptions())
    assert received[0].startswith(b"POST / HTTP/1.0\r\n")
    assert answer.payload.raw == b"hi"


async def test_the_request_line_may_have_the_whole_address(transport):
    async with raw_backend(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as (url, received):
        ctx = message()
        ctx.set("POST_TO_URI", "true", "axis2")
        await transport.send(ctx, f"{url}/a?b=c", SendOptions())
    assert received[0].startswith(f"POST {url}/a?b=c HTTP/1.1\r\n".encode())


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_no_body_where_there_has_to_be_none(transport, backend, method):
    ctx = message(method=method)
    ctx.set("FORCE_POST_PUT_NOBODY", "true", "axis2")
    await transport.send(ctx, backend.url, SendOptions())
    assert (backend.seen[0].body, backend.seen[0].get("Content-Length")) == (b"", "0")


@pytest.mark.parametrize("length", [100, 200_000])
async def test_a_body_is_compressed_when_the_header_or_the_property_says_so(transport, backend, length):
    body = b"<a>" + b"x" * length + b"</a>"
    for scope, name, value in (
        ("transport", "Content-Encoding", "gzip"),
        ("axis2", "transport.http.gzipRequest", "true"),
    ):
        ctx = message(body)
        ctx.set(name, value, scope)
        await transport.send(ctx, backend.url, SendOptions())
    for seen in backend.seen:
        assert (seen.get_all("Content-Encoding"), gzip.decompress(seen.body)) == (["gzip"], body)
        assert seen.get("Content-Length") == str(len(seen.body))


async def test_a_body_in_a_coding_that_is_not_known_leaves_as_it_came(transport, backend):
    await transport.send(message(b"\x0b\x02", Content_Encoding="br"), backend.url, SendOptions())
    assert (backend.seen[0].body, backend.seen[0].get("Content-Encoding")) == (b"\x0b\x02", "br")


# -- parameters of the transport sender


async def test_connections_to_a_host_are_limited(transport, backend):
    under_way, most = 0, 0

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.01)
        under_way -= 1
        return web.Response()

    backend.answer = answer
    limited = under({"http.max.connection.per.host.port": "2"})
    await asyncio.gather(*(transport.send(limited, backend.url, SendOptions()) for _ in range(6)))
    assert (most, len(backend.seen)) == (2, 6)


async def test_connections_may_not_be_kept(transport, backend):
    for _ in range(2):
        await transport.send(under({"http.connection.disable.keepalive": "true"}), backend.url, SendOptions())
    assert [seen.get("Connection") for seen in backend.seen] == ["close", "close"]


async def test_a_proxy_gets_the_request_and_its_credentials(transport, backend):
    proxy = {
        "http.proxyHost": "127.0.0.1",
        "http.proxyPort": backend.url.rpartition(":")[2],
        "http.proxy.username": "me",
        "http.proxy.password": "secret",
        "http.nonProxyHosts": "localhost|*.inside",
    }
    await transport.send(under(proxy), "http://shop.example/a", SendOptions())
    assert backend.seen[0].target == "http://shop.example/a"
    assert backend.seen[0].get("Host") == "shop.example"
    assert backend.seen[0].get("Proxy-Authorization") == "Basic bWU6c2VjcmV0"
    await transport.send(under(proxy), backend.url.replace("127.0.0.1", "localhost"), SendOptions())
    assert backend.seen[1].target == "/"


async def test_a_proxy_that_refuses_the_tunnel_is_a_failed_connection(transport):
    async with raw_backend(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n") as (url, received):
        proxy = {"http.proxyHost": "127.0.0.1", "http.proxyPort": url.rpartition(":")[2]}
        with pytest.raises(
            ConnectionFailed, match=r"The proxy refused the way to https://shop\.example/ with the status"
        ):
            await transport.send(under(proxy, "https"), "https://shop.example/", SendOptions())
    assert received[0].startswith(b"CONNECT shop.example:443 HTTP/1.1\r\n")


# -- TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A self-signed certificate for 127.0.0.1, as the path of one PEM file with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "back-end")])
    now = datetime.datetime.now(datetime.UTC)
    alternatives = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(alternatives, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = built.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path_factory.mktemp("tls") / "back-end.pem"
    path.write_bytes(pem)
    return path


@pytest.fixture
async def tls_backend(certificate):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    async with http_backend(context) as backend:
        yield backend


async def test_a_certificate_that_nobody_vouches_for_is_refused(transport, tls_backend):
    with pytest.raises(ConnectionFailed, match=r"TLS certificate refused: 127\.0\.0\.1") as caught:
        await transport.send(message(), tls_backend.url, SendOptions())

    assert caught.value.code == 101503
    assert tls_backend.seen == []


async def test_a_trusted_certificate_is_accepted(tls_backend, certificate):
    transport = HttpTransport(ssl.create_default_context(cafile=certificate))

    answer = await transport.send(message(), tls_backend.url, SendOptions())
    await transport.aclose()

    assert answer.payload.raw == b"<a>1</a>"


async def test_a_certificate_for_another_host_is_refused(tls_backend, certificate):
    transport = HttpTransport(ssl.create_default_context(cafile=certificate))

    with pytest.raises(ConnectionFailed, match="TLS certificate refused"):
        await transport.send(message(), tls_backend.url.replace("127.0.0.1", "localhost"), SendOptions())
    await transport.aclose()


async def test_the_sender_says_whom_to_trust(transport, tls_backend, certificate):
    trusting = {"truststore.location": str(certificate), "truststore.type": "PEM"}
    await transport.send(under(trusting, "https"), tls_backend.url, SendOptions())
    elsewhere = tls_backend.url.replace("127.0.0.1", "localhost")
    with pytest.raises(ConnectionFailed, match="TLS certificate refused"):
        await transport.send(under(trusting, "https"), elsewhere, SendOptions())
    await transport.send(under(trusting | {"HostnameVerifier": "AllowAll"}, "https"), elsewhere, SendOptions())
    assert len(tls_backend.seen) == 2


async def test_a_store_that_is_not_there_is_a_failed_connection(transport, tls_backend):
    with pytest.raises(ConnectionFailed, match=r"nowhere\.jks"):
        await transport.send(under({"truststore.location": "nowhere.jks"}, "https"), tls_backend.url, SendOptions())


async def test_tls_to_a_port_without_it_is_a_failed_connection(transport, backend):
    with pytest.raises(ConnectionFailed, match="TLS handshake failed"):
        await transport.send(message(), backend.url.replace("http:", "https:"), SendOptions())
