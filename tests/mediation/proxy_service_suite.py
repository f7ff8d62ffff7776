"""What every way to a proxy service must do: one suite, run against each port that offers them."""

from __future__ import annotations

import asyncio
import gzip
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession, WSMsgType, web
from yarl import URL

from mediation.payloads.xml import SYNAPSE_NS
from mediation.transports.hops import FIELD, HOPS
from tests.mediation.http_backend import HttpBackend, free_port_url, http_backend, raw_backend

SEED_BODY = (
    b'<?xml version="1.0" encoding="UTF-8"?>'
    b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">'
    b"<soapenv:Body><test>Value</test></soapenv:Body></soapenv:Envelope>"
)


class Served(Protocol):
    """A running product, as a test sees it."""

    base_url: str
    """Such as ``http://127.0.0.1:8280``; proxy services are below ``/services``."""

    async def deploy(self, *artifacts: str) -> None:
        """Make these artifacts, and no others, what is deployed."""


def proxy(name: str, in_sequence: str, out_sequence: str | None = None, attributes: str = "") -> str:
    out = "" if out_sequence is None else f"<outSequence>{out_sequence}</outSequence>"
    return (
        f'<proxy xmlns="{SYNAPSE_NS}" name="{name}" {attributes}>'
        f"<target><inSequence>{in_sequence}</inSequence>{out}</target></proxy>"
    )


def sequence(name: str, mediators: str) -> str:
    return f'<sequence xmlns="{SYNAPSE_NS}" name="{name}">{mediators}</sequence>'


def send(url: str, attributes: str = "") -> str:
    return f'<send><endpoint><address uri="{url}" {attributes}/></endpoint></send>'


def read(name: str) -> str:
    """A mediator that answers with a property, in the header ``X-Read``."""
    return f'<property name="X-Read" expression="{name}" scope="transport"/><respond/>'


class ProxyServiceSuite:
    """Subclass it in a test module that has a fixture ``served`` (:class:`Served`)."""

    @pytest.fixture
    async def http(self, served: Served) -> AsyncIterator[ClientSession]:
        async with ClientSession(served.base_url, auto_decompress=False) as session:
            yield session

    @pytest.fixture
    async def backend(self) -> AsyncIterator[HttpBackend]:
        async with http_backend() as backend:
            yield backend

    # -- where services are

    async def test_a_service_answers(self, served, http):
        await served.deploy(proxy("echo", "<respond/>"))

        async with http.post("/services/echo", data=b"<a/>", headers={"Content-Type": "text/xml"}) as response:
            assert (response.status, await response.read()) == (200, b"<a/>")
            assert response.headers["Content-Type"] == "text/xml"

    async def test_names_of_a_generated_description_lead_to_the_service(self, served, http):
        await served.deploy(proxy("echo", "<respond/>"))

        for name in ("echo.SOAP11Endpoint", "echo.echoHttpSoap12Endpoint"):
            async with http.post(f"/services/{name}", data=b"x") as response:
                assert response.status == 200

    @pytest.mark.parametrize("path", ["/services/nowhere", "/services/", "/services//echo", "/services/$$echo?x"])
    async def test_what_is_not_there_is_a_404(self, served, http, path):
        await served.deploy(proxy("echo", "<respond/>"))

        async with http.get(path) as response:
            assert response.status == 404

    async def test_a_service_that_is_not_started_is_a_404(self, served, http):
        await served.deploy(proxy("off", "<respond/>", attributes='startOnLoad="false"'))

        async with http.get("/services/off") as response:
            assert (response.status, await response.text()) == (404, "There is no such service\n")

    async def test_a_service_for_another_transport_is_a_403(self, served, http):
        await served.deploy(proxy("secure", "<respond/>", attributes='transports="https"'))

        async with http.get("/services/secure") as response:
            assert response.status == 403

    async def test_a_service_describes_itself(self, served, http):
        await served.deploy(proxy("echo", "<respond/>"))

        async with http.get("/services/echo?wsdl") as response:
            assert response.headers["Content-Type"] == "text/xml; charset=UTF-8"
            assert f'location="{served.base_url}/services/echo.echoHttpSoap11Endpoint"' in await response.text()

    @pytest.mark.parametrize("query", ["wsdl2", "xsd", "policy"])
    async def test_a_question_for_another_description_is_a_404(self, served, http, query):
        await served.deploy(proxy("echo", "<respond/>"))

        async with http.get(f"/services/echo?{query}") as response:
            assert (response.status, await response.text()) == (404, "The service echo publishes no such description\n")

    async def test_a_parameter_named_wsdl_is_for_the_service(self, served, http):
        await served.deploy(proxy("echo", read("get-property('To')")))

        async with http.get("/services/echo?wsdl=1") as response:
            assert (response.status, response.headers["X-Read"]) == (200, "/services/echo?wsdl=1")

    @pytest.mark.parametrize("path", ["a/../b", "%2e%2e/b", "..%2fb", "..%5Cb"])
    async def test_a_path_cannot_leave_the_service(self, served, http, backend, path):
        await served.deploy(proxy("p", send(backend.url + "/base")))

        status = await raw_status(served.base_url, f"GET /services/p/{path} HTTP/1.1")

        assert status == 400
        assert backend.seen == []

    @pytest.mark.parametrize("method", ["CONNECT", "TRACE"])
    async def test_it_is_no_http_proxy(self, served, method):
        await served.deploy(proxy("echo", "<respond/>"))

        assert await raw_status(served.base_url, f"{method} /services/echo HTTP/1.1") in (400, 405)

    async def test_an_address_of_another_authority_leads_nowhere(self, served, backend):
        await served.deploy(proxy("echo", "<respond/>"))

        assert await raw_status(served.base_url, f"GET {backend.url}/x HTTP/1.1") in (400, 404)
        assert backend.seen == []

    # -- what the message knows

    @pytest.mark.parametrize(
        ("expression", "value"),
        [
            ("get-property('To')", "/services/p/sub/a%20b?x=1"),
            ("get-property('axis2', 'REST_URL_POSTFIX')", "/sub/a%20b?x=1"),
            ("get-property('axis2', 'TransportInURL')", "/services/p/sub/a%20b?x=1"),
            ("get-property('axis2', 'HTTP_METHOD')", "PUT"),
            ("get-property('axis2', 'REMOTE_ADDR')", "127.0.0.1"),
            ("get-property('axis2', 'messageType')", "application/xml"),
            ("get-property('axis2', 'ContentType')", "application/xml; charset=utf-8"),
            ("get-property('transport', 'x-client')", "test"),
            ("get-property('Action')", "urn:a"),
            ("get-property('proxy.name')", "p"),
            ("get-property('TRANSPORT_IN_NAME')", "http"),
        ],
    )
    async def test_properties_of_a_request(self, served, http, expression, value):
        await served.deploy(proxy("p", read(expression)))
        headers = {"Content-Type": "application/xml; charset=utf-8", "X-Client": "test", "SOAPAction": '"urn:a"'}

        async with http.put("/services/p/sub/a%20b?x=1", data=b"<a/>", headers=headers) as response:
            assert response.headers.get("X-Read") == value

    async def test_addressing_headers_go_before_what_http_says(self, served, http, backend):
        wsa = "http://www.w3.org/2005/08/addressing"
        header = (
            f'<s:Header xmlns:wsa="{wsa}"><wsa:To>{backend.url}/to</wsa:To><wsa:Action>urn:b</wsa:Action></s:Header>'
        )
        envelope = "http://schemas.xmlsoap.org/soap/envelope/"
        body = f'<s:Envelope xmlns:s="{envelope}">{header}<s:Body/></s:Envelope>'.encode()
        await served.deploy(
            proxy("p", '<property name="X-Read" expression="get-property(\'Action\')" scope="transport"/><send/>')
        )
        headers = {"Content-Type": "text/xml", "SOAPAction": '"urn:a"'}

        async with http.post("/services/p", data=body, headers=headers) as response:
            assert await response.read() == body

        assert (backend.seen[0].target, backend.seen[0].get("X-Read")) == ("/to", "urn:b")

    async def test_an_anonymous_to_is_the_address_that_was_called(self, served, http):
        anonymous = "http://www.w3.org/2005/08/addressing/anonymous"
        header = f'<s:Header><a:To xmlns:a="http://www.w3.org/2005/08/addressing">{anonymous}</a:To></s:Header>'
        body = f'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope">{header}<s:Body/></s:Envelope>'
        await served.deploy(proxy("p", read("get-property('To')")))

        async with http.post("/services/p", data=body, headers={"Content-Type": "application/soap+xml"}) as response:
            assert response.headers["X-Read"] == "/services/p"

    # -- what is for no service

    async def test_the_sequence_main_takes_requests_for_no_service(self, served, http, backend):
        out = read("get-property('proxy.name')")
        await served.deploy(sequence("main", f"<in>{send(backend.url + '/base')}</in><out>{out}</out>"))

        async with http.get("/services/nowhere/a?x=1") as response:
            assert (response.status, response.headers.get("X-Read")) == (200, "")

        assert backend.seen[0].target == "/base/services/nowhere/a?x=1"

    async def test_a_fault_in_main_runs_the_sequence_fault(self, served, http):
        fault = sequence("fault", read("get-property('ERROR_MESSAGE')"))
        await served.deploy(sequence("main", '<sequence key="nowhere"/>'), fault)

        async with http.get("/services/p") as response:
            assert response.headers["X-Read"] == "Sequence named nowhere cannot be found"

    async def test_the_path_behind_the_name_is_appended_to_the_address(self, served, http, backend):
        await served.deploy(proxy("p", send(backend.url + "/base")))

        url = URL(f"{served.base_url}/services/p/orders/7%20b?x=1&y=%2F", encoded=True)
        async with http.get(url):
            pass

        assert (backend.seen[0].method, backend.seen[0].target) == ("GET", "/base/orders/7%20b?x=1&y=%2F")

    async def test_a_get_without_a_body_is_mediated_as_an_empty_envelope(self, served, http):
        await served.deploy(proxy("p", read("count($body/*)")))

        async with http.get("/services/p") as response:
            assert (response.status, await response.read()) == (200, b"")
            assert response.headers["X-Read"] in ("0", "0.0")

    # -- loops

    async def test_a_service_that_calls_itself_fails_after_some_rounds(self, served, http, backend):
        drop = '<property name="TRANSPORT_HEADERS" scope="axis2" action="remove"/>'
        count = f'<call><endpoint><address uri="{backend.url}"/></endpoint></call>'
        fault = f"<faultSequence>{read('$ctx:ERROR_MESSAGE')}</faultSequence></target>"
        itself = proxy("p", count + drop + send(f"{served.base_url}/services/p"), read("$trp:X-Read"))
        await served.deploy(itself.replace("</target>", fault))

        started = time.perf_counter()
        async with http.get("/services/p") as response:
            assert "does a service call itself?" in response.headers["X-Read"]
        assert time.perf_counter() - started < 2
        assert len(backend.seen) == HOPS.limit + 1
        assert not any(request.get(FIELD) for request in backend.seen)

    # -- bodies

    @pytest.mark.parametrize(
        ("content_type", "body", "expression"),
        [
            ("text/xml", SEED_BODY, "$body/test"),
            ("application/xml", b"<test>Value</test>", "$body/test"),
            ("application/json", b'{"test":"Value"}', "json-eval($.test)"),
            ("text/plain", b"Value", "$body/*"),
            ("application/x-www-form-urlencoded", b"test=Value&x=1", "$body/*/test"),
        ],
    )
    async def test_a_body_is_read_by_its_type(self, served, http, content_type, body, expression):
        await served.deploy(proxy("p", read(expression)))

        async with http.post("/services/p", data=body, headers={"Content-Type": content_type}) as response:
            assert response.headers.get("X-Read") == "Value"
            assert await response.read() == body

    async def test_a_service_names_the_element_around_text(self, served, http):
        wrapper = '<parameter name="Wrapper">{urn:x}line</parameter></proxy>'
        await served.deploy(proxy("p", read("namespace-uri($body/*[. = 'Value'])")).replace("</proxy>", wrapper))

        async with http.post("/services/p", data=b"Value", headers={"Content-Type": "text/plain"}) as response:
            assert response.headers.get("X-Read") == "urn:x"
            assert await response.read() == b"Value"

    async def test_a_body_that_cannot_be_parsed_runs_the_fault_sequence(self, served, http):
        fault = read("get-property('ERROR_CODE')").replace("<respond/>", "")
        await served.deploy(
            f'<proxy xmlns="{SYNAPSE_NS}" name="p"><target><inSequence>{read("$body/a")}</inSequence><faultSequence>'
            f'<property name="NO_ENTITY_BODY" value="true" scope="axis2"/>{fault}'
            '<property name="HTTP_SC" value="400" scope="axis2"/><respond/></faultSequence></target></proxy>'
        )

        async with http.post("/services/p", data=b"<a>", headers={"Content-Type": "text/xml"}) as response:
            assert (response.status, response.headers.get("X-Read")) == (400, "601000")

    async def test_a_compressed_body_is_mediated_inflated(self, served, http, backend):
        await served.deploy(proxy("p", send(backend.url)))
        headers = {"Content-Type": "text/xml", "Content-Encoding": "gzip"}

        async with http.post("/services/p", data=gzip.compress(SEED_BODY), headers=headers) as response:
            assert await response.read() == SEED_BODY

        assert backend.seen[0].body == SEED_BODY
        assert backend.seen[0].get("Content-Encoding") is None

    async def test_a_coding_that_is_not_known_is_a_415(self, served, http):
        await served.deploy(proxy("p", "<respond/>"))

        async with http.post("/services/p", data=b"x", headers={"Content-Encoding": "exi"}) as response:
            assert response.status == 415

    # -- answers

    async def test_an_answer_passes_through_with_all_its_fields(self, served, http, backend):
        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            headers = [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-A", "1"), ("Content-Type", "text/xml;a=b")]
            return web.Response(body=SEED_BODY, status=201, headers=headers)

        backend.answer = answer
        await served.deploy(proxy("p", send(backend.url)))

        async with http.post("/services/p", data=b"<a/>", headers={"Content-Type": "text/xml"}) as response:
            assert (response.status, await response.read()) == (201, SEED_BODY)
            assert response.headers.getall("Set-Cookie") == ["a=1", "b=2"]
            assert response.headers["X-A"] == "1"
            assert response.headers["Content-Type"] == "text/xml;a=b"

    async def test_a_head_tells_what_a_get_would(self, served, http, backend):
        backend.answers(b"twelve bytes", Content_Type="text/plain")
        await served.deploy(proxy("p", send(backend.url)))

        async with http.head("/services/p") as response:
            assert (response.status, await response.read()) == (200, b"")
            assert response.headers["Content-Type"].startswith("text/plain")
            assert response.headers["Content-Length"] == "12"

    async def test_a_status_of_the_sequence_does_not_keep_the_phrase_of_the_back_end(self, served, http, backend):
        await served.deploy(
            proxy("p", send(backend.url), '<property name="HTTP_SC" value="404" scope="axis2"/><send/>')
        )

        async with http.get("/services/p") as response:
            assert (response.status, response.reason) == (404, "Not Found")

    async def test_fields_of_the_connection_stay_there_and_others_keep_their_bytes(self, served, http, backend):
        headers = {"Connection": "X-Hop", "X-Hop": "1", "X-Name": "größe"}
        backend.answer = lambda request: answer_with(headers)
        await served.deploy(proxy("p", send(backend.url)))

        async with http.get("/services/p") as response:
            assert "X-Hop" not in response.headers
            assert response.headers["X-Name"] == "größe"

    async def test_a_back_end_that_switches_protocols_unasked_is_a_502(self, served, http):
        async with raw_backend(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n") as (url, _):
            await served.deploy(proxy("p", send(url)))

            async with http.get("/services/p") as response:
                assert response.status == 502

    async def test_a_soap11_client_of_a_soap12_back_end_gets_soap11(self, served, http, backend):
        await served.deploy(proxy("p", send(backend.url, 'format="soap12"'), "<send/>"))
        headers = {"Content-Type": "text/xml", "SOAPAction": '"urn:mediate"'}

        async with http.post("/services/p", data=SEED_BODY, headers=headers) as response:
            body = await response.read()

        assert backend.seen[0].get("Content-Type").startswith("application/soap+xml")
        assert b"http://schemas.xmlsoap.org/soap/envelope/" in body
        assert response.headers["Content-Type"].startswith("text/xml")

    async def test_without_an_answer_it_is_a_202_without_body(self, served, http):
        await served.deploy(proxy("p", "<drop/>"))

        async with http.post("/services/p", data=SEED_BODY, headers={"Content-Type": "text/xml"}) as response:
            assert (response.status, await response.read()) == (202, b"")

    async def test_a_back_end_that_is_down_is_a_502(self, served, http):
        await served.deploy(proxy("p", send(free_port_url())))

        async with http.post("/services/p", data=b"x") as response:
            assert response.status == 502

    # -- WebSocket back-ends

    async def test_requests_share_one_web_socket(self, served, http, backend):
        frames: asyncio.Queue[str] = asyncio.Queue()
        backend.answer = keep_frames(frames)
        force = '<property name="FORCE_SC_ACCEPTED" value="true" scope="axis2"/>'
        offer = '<property name="websocket.accept.contenType" value="application/json" scope="axis2"/>'
        url = backend.url.replace("http:", "ws:") + "/websocket"
        await served.deploy(proxy("p", f'<property name="OUT_ONLY" value="true"/>{force}{offer}{send(url)}', "<drop/>"))

        for _ in range(2):
            async with http.post("/services/p", data=SEED_BODY, headers={"Content-Type": "text/xml"}) as response:
                assert (response.status, await response.read()) == (202, b"")

        expected = SEED_BODY.decode().partition("?>")[2]
        assert [await asyncio.wait_for(frames.get(), 5) for _ in range(2)] == [expected, expected]
        (handshake,) = backend.seen
        assert handshake.get("Sec-WebSocket-Protocol") == "synapse(contentType='application/json')"


async def answer_with(headers: dict[str, str]) -> web.StreamResponse:
    return web.Response(headers=headers)


def keep_frames(frames: asyncio.Queue[str]) -> Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        connection = web.WebSocketResponse(protocols=[request.headers.get("Sec-WebSocket-Protocol", "")])
        await connection.prepare(request)
        async for message in connection:
            if message.type is WSMsgType.TEXT:
                frames.put_nowait(message.data)
        return connection

    return answer


async def raw_status(base_url: str, request_line: str) -> int:
    """The status for a request line that clients would not send."""
    address = urlsplit(base_url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port, family=socket.AF_INET)
    writer.write(f"{request_line}\r\nHost: {address.netloc}\r\nConnection: close\r\n\r\n".encode())
    try:
        return int((await asyncio.wait_for(reader.readline(), 5)).split()[1])
    finally:
        writer.close()
