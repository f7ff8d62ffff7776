from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from ipaddress import ip_network
from typing import Any

import pytest
from aiohttp import web
from django.core.handlers.asgi import ASGIHandler
from django.test import AsyncClient, AsyncRequestFactory

from mediation.listeners.http import HttpListener
from mediation.options import Options
from mediation.payloads.xml import SYNAPSE_NS
from mediation.runtime import Runtime
from mediation.transports.http import HTTP
from mediation.views import ProxyServiceView, proxy_services
from tests.mediation.authentication.support import People, basic, bearer
from tests.mediation.http_backend import http_backend
from tests.mediation.proxy_service_suite import ProxyServiceSuite, proxy, read, send, sequence
from tests.mediation.support import DictEnvironment

requests = AsyncRequestFactory()


# -- the view by itself


@pytest.fixture
async def view() -> AsyncIterator[ProxyServiceView]:
    view = ProxyServiceView()
    yield view
    assert await view.exchanges.drain(5) == 0
    await HTTP.aclose()


def serve(view: ProxyServiceView, *artifacts: str, authenticator: Any = None, **options: Any) -> Runtime:
    runtime = Runtime(DictEnvironment(*artifacts), Options(**options), authenticator)
    view.bind(runtime)
    return runtime


async def test_before_anything_is_served_it_is_a_503(view):
    response = await view(requests.get("/services/p"), "p")

    assert (response.status_code, response["Retry-After"]) == (503, "1")


async def test_a_process_that_stops_takes_no_more_requests(view):
    runtime = serve(view, proxy("p", "<respond/>"))
    runtime.draining = True

    assert (await view(requests.get("/services/p"), "p")).status_code == 503


async def test_more_requests_than_the_limit_get_503(view):
    async with http_backend() as backend:
        force = '<property name="FORCE_SC_ACCEPTED" value="true" scope="axis2"/>'
        serve(view, proxy("p", force + send(backend.url)), max_requests=1)

        assert (await view(requests.get("/services/p"), "p")).status_code == 202
        assert (await view(requests.get("/services/p"), "p")).status_code == 503
        await view.exchanges.drain(5)
        assert (await view(requests.get("/services/p"), "p")).status_code == 202
        await view.exchanges.drain(5)


@pytest.mark.parametrize("body", [b"x" * 101, gzip.compress(b"x" * 101, mtime=0)], ids=["plain", "gzip"])
async def test_a_body_over_the_limit_is_a_413(view, body):
    serve(view, proxy("p", "<respond/>"), max_body_bytes=100)
    headers = {"Content-Encoding": "gzip"} if body[:1] != b"x" else {}

    response = await view(requests.post("/services/p", body, content_type="text/plain", headers=headers), "p")

    assert (response.status_code, response.content) == (413, b"The body is larger than 100 bytes\n")


async def test_a_body_of_the_limit_is_mediated(view):
    serve(view, proxy("p", "<respond/>"), max_body_bytes=100)

    response = await view(requests.post("/services/p", b"x" * 100, content_type="text/plain"), "p")

    assert response.content == b"x" * 100


async def test_a_body_that_is_not_of_its_coding_is_a_400(view):
    serve(view, proxy("p", "<respond/>"))
    request = requests.post("/services/p", b"x", content_type="text/plain", headers={"Content-Encoding": "gzip"})

    assert (await view(request, "p")).status_code == 400


async def test_a_service_for_inbound_endpoints_only_is_a_403(view):
    xml = proxy("p", "<respond/>").replace("</target>", '</target><parameter name="inbound.only">true</parameter>')
    serve(view, xml)

    assert (await view(requests.get("/services/p"), "p")).status_code == 403


@pytest.mark.parametrize(("trusted", "address"), [((), "127.0.0.1"), (("127.0.0.1",), "203.0.113.7")])
async def test_a_trusted_proxy_says_who_the_client_is(view, trusted, address):
    xml = proxy("p", read("get-property('axis2', 'REMOTE_ADDR')"))
    serve(view, xml, trusted_proxies=tuple(map(ip_network, trusted)))

    response = await view(requests.get("/services/p", headers={"X-Forwarded-For": "10.0.0.1, 203.0.113.7"}), "p")
    assert response["X-Read"] == address


async def test_a_trusted_proxy_says_that_the_client_uses_https(view):
    xml = proxy("p", read("get-property('TRANSPORT_IN_NAME')"), attributes='transports="https"')
    said = {"X-Forwarded-Proto": "https"}
    serve(view, xml)
    assert (await view(requests.get("/services/p", headers=said), "p")).status_code == 403

    serve(view, xml, trusted_proxies=(ip_network("127.0.0.1"),))
    response = await view(requests.get("/services/p", headers=said), "p")
    assert (response.status_code, response["X-Read"]) == (200, "https")


# -- who may call


def asking(mediators: str, schemes: str = "basic bearer", **parameters: str) -> str:
    """A proxy service that wants to know who calls it."""
    said = {"": schemes} | {f".{name}": value for name, value in parameters.items()}
    inside = "".join(f'<parameter name="ws.auth{name}">{value}</parameter>' for name, value in said.items())
    return proxy("p", mediators).replace("</proxy>", f"{inside}</proxy>")


TELL = read("fn:concat(get-property('websocket.user'), '|', get-property('transport', 'Authorization'))")


async def test_a_service_knows_who_calls_it_and_keeps_the_password_to_itself(view):
    runtime = serve(view, asking(TELL), authenticator=People())
    for credentials, told in ((basic("alice", "right"), "alice|"), (bearer("token-bob"), "bob|")):
        response = await view(requests.get("/services/p", headers=credentials), "p")
        assert (response.status_code, response["X-Read"]) == (200, told)
    runtime.gate.close()


@pytest.mark.parametrize("path", ["/services/p", "/services/p?wsdl"])
async def test_nobody_else_gets_in(view, path):
    runtime = serve(view, asking("<respond/>"), authenticator=People())
    for credentials in ({}, basic("alice", "wrong"), {"Authorization": "Basic ?"}):
        response = await view(requests.get(path, headers=credentials), "p")
        assert response.status_code == 401
        challenges = [value for name, value in response.items() if name == "WWW-Authenticate"]
        assert [value.split()[0] for value in challenges] == ["Basic", "Bearer"]
    runtime.gate.close()


async def test_a_group_is_asked_for(view):
    runtime = serve(view, asking("<respond/>", groups="ops"), authenticator=People())
    statuses = [
        (await view(requests.get("/services/p", headers=basic(user, "right")), "p")).status_code
        for user in ("alice", "bob")
    ]
    assert statuses == [200, 403]
    runtime.gate.close()


@pytest.mark.parametrize("page", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
async def test_a_foreign_page_cannot_use_its_visitors_password(view, page):
    runtime = serve(view, asking("<respond/>"), authenticator=People())
    foreign = await view(requests.post("/services/p", headers=basic("alice", "right") | page), "p")
    program = await view(requests.post("/services/p", headers=bearer("token-bob") | page), "p")
    assert (foreign.status_code, program.status_code) == (403, 200)
    runtime.gate.close()


async def test_a_name_may_hold_what_a_path_escapes(view):
    serve(view, proxy("a b", "<respond/>"))

    assert (await view(requests.get("/services/a%20b"), "a b")).status_code == 200


async def test_a_request_keeps_the_configuration_that_it_started_on(view):
    async with http_backend() as backend:
        arrived, goes_on = asyncio.Event(), asyncio.Event()

        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            arrived.set()
            await goes_on.wait()
            return web.Response(text="answer")

        backend.answer = answer
        runtime = serve(view, proxy("p", send(backend.url), '<sequence key="old"/>'), sequence("old", "<respond/>"))
        request = asyncio.create_task(view(requests.get("/services/p"), "p"))
        await arrived.wait()

        runtime.environment = DictEnvironment()
        goes_on.set()

        assert (await request).content == b"answer"


async def test_a_path_that_is_no_service_s_runs_main(view):
    serve(view, sequence("main", "<respond/>"), proxy("p", "<drop/>"))

    assert (await view(requests.post("/a/services/p", b"x", content_type="text/plain"), "")).content == b"x"


async def test_without_a_main_of_its_own_it_is_a_404(view):
    serve(view, proxy("p", "<drop/>"))

    assert (await view(requests.get("/a/services/p"), "")).status_code == 404


# -- APIs


def api(inside: str, attributes: str = 'uri-template="/x/{id}"', context: str = "/shop") -> str:
    return f'<api xmlns="{SYNAPSE_NS}" name="shop" context="{context}"><resource {attributes}>{inside}</resource></api>'


def in_sequence(mediators: str) -> str:
    return f"<inSequence>{mediators}</inSequence>"


async def test_an_api_answers_at_its_context(view):
    serve(view, api(in_sequence(read("get-property('uri.var.id')"))))

    response = await view(requests.get("/shop/x/7"))

    assert (response.status_code, response["X-Read"]) == (200, "7")


async def test_an_api_below_services_answers_unless_a_proxy_service_does(view):
    serve(view, api(in_sequence("<respond/>"), "", "/services/client"), proxy("p", "<drop/>"))

    assert (
        await view(requests.post("/services/client/x", b"a", content_type="text/plain"), "client/x")
    ).content == b"a"
    assert (await view(requests.get("/services/p"), "p")).status_code == 202


async def test_what_an_api_does_not_take_has_no_body(view):
    serve(view, api(in_sequence("<respond/>"), 'methods="GET" uri-template="/x/{id}"'))

    missing = await view(requests.get("/shop/y"))
    wrong_method = await view(requests.post("/shop/x/1", b"a", content_type="text/plain"))

    assert (missing.status_code, missing.content) == (404, b"")
    assert (wrong_method.status_code, wrong_method.content, wrong_method["Allow"]) == (405, b"", "GET")


async def test_a_request_that_a_resource_only_looks_at_is_accepted(view):
    serve(view, api(in_sequence("")))

    assert (await view(requests.get("/shop/x/7"))).status_code == 202


async def test_an_answer_runs_through_the_out_sequence_and_the_postfix_reaches_the_back_end(view):
    async with http_backend() as backend:
        out = read("'out'")
        serve(view, api(in_sequence(send(backend.url)) + f"<outSequence>{out}</outSequence>"))

        response = await view(requests.get("/shop/x/7?a=b"))

        assert (response.status_code, response["X-Read"]) == (200, "out")
        assert backend.seen[0].target == "/x/7?a=b"


async def test_a_failure_runs_through_the_fault_sequence_of_the_resource(view):
    fault = f"<faultSequence>{read('$ctx:ERROR_MESSAGE')}</faultSequence>"
    serve(view, api(fault, 'inSequence="nowhere"'))

    assert (await view(requests.get("/shop/x")))["X-Read"] == "Specified sequence: nowhere cannot be found"


HANDLER = "org.wso2.micro.integrator.security.handler.RESTBasicAuthHandler"
SECURED = api(in_sequence(TELL), 'methods="GET"').replace(
    "</api>", f'<handlers><handler class="{HANDLER}"/></handlers></api>'
)


async def test_an_api_with_the_handler_for_passwords_knows_its_callers(view):
    runtime = serve(view, SECURED, authenticator=People())

    response = await view(requests.get("/shop", headers=basic("alice", "right")))

    assert response["X-Read"] == "alice|"
    runtime.gate.close()


@pytest.mark.parametrize("path", ["/shop", "/shop?x=1"])
async def test_nobody_else_gets_into_it(view, path):
    runtime = serve(view, SECURED, sequence("_method_not_allowed_handler_", "<respond/>"), authenticator=People())

    for request in (
        requests.get(path),
        requests.get(path, headers=basic("alice", "wrong")),
        requests.post(path, b"x", content_type="text/plain"),
    ):
        response = await view(request)
        assert (response.status_code, response["WWW-Authenticate"][:6]) == (401, "Basic ")
    assert (await view(requests.get("/shop?swagger.json"))).status_code == 404
    runtime.gate.close()


async def test_a_path_that_leaves_the_api_is_a_400(view):
    serve(view, api(in_sequence("<respond/>"), ""))

    assert (await view(requests.get("/shop/%2e%2e/x"))).status_code == 400
    assert (await view(requests.get("/shop/x?next=/../y"))).status_code == 200


async def test_allowed_origins_may_read_the_answers(view):
    serve(view, api(in_sequence("<respond/>")), cors_origins=("https://a.example",))

    def origin(name: str) -> dict[str, str]:
        return {"Origin": f"https://{name}.example"}

    response = await view(requests.get("/shop/x/7", headers=origin("a")))
    assert response["Access-Control-Allow-Origin"] == "https://a.example"
    assert "Access-Control-Allow-Origin" not in await view(requests.get("/shop/x/7", headers=origin("b")))
    preflight = await view(requests.options("/shop/x/7", headers=origin("a")))
    assert (preflight.status_code, preflight["Allow"]) == (200, "GET, POST, PUT, DELETE")


# -- in Django's URLs, behind its middleware


async def test_it_is_mounted_on_the_main_port_and_asks_for_no_token():
    proxy_services.bind(Runtime(DictEnvironment(proxy("p", "<respond/>"))))
    client = AsyncClient(enforce_csrf_checks=True)

    response = await client.post("/services/p/sub", b"<a/>", content_type="text/xml")

    assert (response.status_code, response.content) == (200, b"<a/>")
    assert "sessionid" not in response.cookies


async def test_apis_are_on_the_main_port_too_behind_a_prefix():
    proxy_services.bind(Runtime(DictEnvironment(api(in_sequence(read("get-property('REST_FULL_REQUEST_PATH')"))))))
    client = AsyncClient(enforce_csrf_checks=True)

    response = await client.post("/apis/shop/x/7?q=1", b"<a/>", content_type="text/xml")

    assert (response.status_code, response["X-Read"]) == (200, "/shop/x/7?q=1")
    assert (await client.get("/apis/nothing")).status_code == 404
    assert b'"http://testserver/apis/shop"' in (await client.get("/apis/shop?swagger.json")).content


async def test_repeated_fields_get_through_django():
    async with http_backend() as backend:

        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            return web.Response(headers=[("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])

        backend.answer = answer
        proxy_services.bind(Runtime(DictEnvironment(proxy("p", send(backend.url)))))
        sent = await over_asgi("/services/p")
    await HTTP.aclose()

    assert [value for name, value in sent[0]["headers"] if name.lower() == b"set-cookie"] == [b"a=1", b"b=2"]


async def over_asgi(path: str) -> list[dict[str, Any]]:
    """What an ASGI server is told to send for a GET."""
    sent: list[dict[str, Any]] = []
    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b""}
    scope |= {"headers": [(b"host", b"localhost")], "server": ("localhost", 80), "client": ("127.0.0.1", 1)}
    received = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> dict[str, Any]:
        message = next(received, None)
        if message is None:
            await asyncio.Event().wait()
        assert message is not None
        return message

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await ASGIHandler()(scope, receive, send)
    return sent


# -- as a client sees it, over the ports of proxy services


class ServedInProcess:
    def __init__(self, base_url: str) -> None:
        self.base_url = base_url

    async def deploy(self, *artifacts: str) -> None:
        proxy_services.bind(Runtime(DictEnvironment(*artifacts)))


class TestOverTheListener(ProxyServiceSuite):
    async def test_an_api_is_found_before_main(self, served, http):
        await served.deploy(sequence("main", "<drop/>"), api(in_sequence("<respond/>")))

        async with http.post("/shop/x/7", data=b"x") as response:
            assert (response.status, await response.read()) == (200, b"x")
        async with http.post("/apis/shop/x/7", data=b"x") as response:
            assert response.status == 202

    @pytest.mark.parametrize("path", ["/", "/orders", "/services/", "/a/services/p"])
    async def test_every_path_leads_to_main(self, served, http, path):
        await served.deploy(sequence("main", "<respond/>"), proxy("p", "<drop/>"))

        async with http.post(path, data=b"x") as response:
            assert (response.status, await response.read()) == (200, b"x")

    @pytest.fixture
    async def served(self) -> AsyncIterator[ServedInProcess]:
        listener = HttpListener("http", Options().max_body_bytes)
        await listener.listen("127.0.0.1", 0, None)
        yield ServedInProcess(f"http://127.0.0.1:{listener.port}")
        assert await proxy_services.exchanges.drain(5) == 0
        await listener.close()
        await HTTP.aclose()
