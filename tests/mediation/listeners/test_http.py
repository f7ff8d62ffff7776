import asyncio

import aiohttp
import pytest
from django.http import HttpResponse
from django.urls import path

from mediation.listeners import http
from mediation.listeners.certificates import Certificates, https_tls, renewing
from mediation.listeners.http import HttpListener, open_http_port
from mediation.options import Options
from tests.certificates import host_name, identity


class Gate:
    """Where the slow view waits."""

    def __init__(self):
        self.entered = asyncio.Event()
        self.leave = asyncio.Event()


async def echo(request):
    response = HttpResponse(request.body, status=201, reason="Done", content_type=request.headers.get("Content-Type"))
    response["X-Seen"] = f"{request.scheme} {request.method} {request.get_full_path()} {request.headers.get('X-Two')}"
    return response


async def broken(request):
    raise RuntimeError("of the view")


async def slow(request):
    gate = request.headers["X-Gate"]
    gates[gate].entered.set()
    await gates[gate].leave.wait()
    return HttpResponse("late")


gates: dict[str, Gate] = {}

urlpatterns = [path("services/echo", echo), path("services/broken", broken), path("services/slow", slow)]


@pytest.fixture(autouse=True)
def these_urls(monkeypatch):
    monkeypatch.setattr(http, "URLS", __name__)


@pytest.fixture
async def listener():
    listener = await open_http_port(0, Options(host="127.0.0.1", max_body_bytes=1000))
    yield listener
    await listener.close(timeout=0.1)


@pytest.fixture
async def client(listener: HttpListener):
    async with aiohttp.ClientSession(f"http://127.0.0.1:{listener.port}") as client:
        yield client


@pytest.fixture
def gate(request):
    gates[request.node.name] = Gate()
    yield gates[request.node.name]
    del gates[request.node.name]


async def raw(listener: HttpListener, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
    writer.write(request)
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    return answer


async def test_a_request_reaches_the_view_as_it_was_sent(client):
    headers = [("Content-Type", "text/xml"), ("X-Two", "a"), ("X-Two", "b")]
    async with client.post("/services/echo?q=%26&r", data=b"<a/>", headers=headers) as response:
        assert (response.status, response.reason, await response.read()) == (201, "Done", b"<a/>")
        assert response.headers["Content-Type"] == "text/xml"
        assert response.headers["X-Seen"] == "http POST /services/echo?q=%26&r a,b"


async def test_any_host_name_is_served(client):
    async with client.get("/services/echo", headers={"Host": "esb.example"}) as response:
        assert response.status == 201


async def test_nothing_else_of_the_site_is_here(client):
    async with client.get("/admin/") as response:
        assert response.status == 404


async def test_a_view_that_fails_tells_the_client_nothing(client, caplog):
    async with client.get("/services/broken") as response:
        assert (response.status, await response.text()) == (500, "Internal error\n")
    assert "of the view" in caplog.text


async def test_a_body_that_is_announced_over_the_limit_is_not_waited_for(listener):
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
    writer.write(b"POST /services/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n")

    assert (await asyncio.wait_for(reader.readline(), 5)).startswith(b"HTTP/1.1 413 ")
    writer.close()


@pytest.mark.parametrize("headers", [{}, {"Expect": "100-continue"}])
async def test_a_body_over_the_limit_is_refused(client, headers):
    async with client.post("/services/echo", data=b"x" * 1001, headers=headers) as response:
        assert response.status == 413


async def test_a_client_that_asks_first_is_told_to_go_on(listener):
    head = b"POST /services/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n"
    answer = await raw(listener, head + b"Connection: close\r\n\r\nhi")
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Done\r\n")


@pytest.mark.parametrize(
    "request_head",
    [
        b"POST /services/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /services/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        b"GET /services/echo HTTP/1.1\r\nHost : a\r\n\r\n",
        b"GET /services/\xe4 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"nonsense\r\n\r\n",
    ],
)
async def test_malformed_requests_get_400(listener, request_head, caplog):
    answer = await raw(listener, request_head)
    assert answer.startswith(b"HTTP/1.1 400 ") or answer.startswith(b"HTTP/1.0 400 ")
    assert caplog.records == []


async def test_a_silent_client_is_dropped(monkeypatch):
    monkeypatch.setattr(http, "IDLE_SECONDS", 0.05)
    listener = await open_http_port(0, Options(host="127.0.0.1"))
    assert await raw(listener, b"GET /services/echo HT") == b""
    await listener.close()


async def test_a_body_that_does_not_come_gets_408(listener, monkeypatch):
    monkeypatch.setattr(http, "BODY_SECONDS", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
    writer.write(b"POST /services/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc")
    assert (await asyncio.wait_for(reader.readline(), 5)).startswith(b"HTTP/1.1 408 ")
    writer.close()


def slow_request(request: pytest.FixtureRequest) -> bytes:
    return f"GET /services/slow HTTP/1.1\r\nHost: a\r\nX-Gate: {request.node.name}\r\n\r\n".encode()


async def test_a_request_in_flight_is_answered_while_the_port_is_free_already(gate, request):
    listener = await open_http_port(0, Options(host="127.0.0.1"))
    answer = asyncio.create_task(raw(listener, slow_request(request)))
    await asyncio.wait_for(gate.entered.wait(), 5)

    closing = asyncio.create_task(listener.close(timeout=5))
    await asyncio.sleep(0)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", listener.port)
    gate.leave.set()

    assert b"late" in await answer
    await closing
    assert listener.connections == []


async def test_a_request_that_takes_too_long_is_cut(gate, request):
    listener = await open_http_port(0, Options(host="127.0.0.1"))
    answer = asyncio.create_task(raw(listener, slow_request(request)))
    await asyncio.wait_for(gate.entered.wait(), 5)

    await asyncio.wait_for(listener.close(timeout=0.05), 3)

    assert await answer == b""


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"], ids=["by name", "by address"])
async def test_https_shows_a_new_certificate_to_new_connections(tmp_path, host):
    first, second = (identity(alternatives=(host_name(host),)) for _ in range(2))
    (tmp_path / "server.p12").write_bytes(first.pkcs12("secret"))
    options = Options(host="127.0.0.1", https_certificate="server.p12", https_password="secret")
    certificates = Certificates(tmp_path)
    tls = renewing(certificates.open("", https_tls(options)))
    listener = await open_http_port(0, options, tls)
    url = f"https://{host}:{listener.port}/services/echo"
    trust = first.client_context(tmp_path)

    async with aiohttp.ClientSession() as old, aiohttp.ClientSession() as new:
        async with old.get(url, ssl=trust) as response:
            assert response.headers["X-Seen"].startswith("https GET")
        (tmp_path / "server.p12").write_bytes(second.pkcs12("secret"))
        certificates.follow({"": https_tls(options)})
        async with new.get(url, ssl=second.client_context(tmp_path)) as response:
            assert response.status == 201
        async with old.get(url, ssl=trust) as response:
            assert response.status == 201, "the connection is still there"
    await listener.close()
