"""HTTP callers of WebSocket back-ends: whose connection they use, and how they get a reply."""

import asyncio
import json

import pytest
import websockets
from django.test import AsyncRequestFactory

from mediation.runtime import Runtime
from mediation.views import ProxyServiceView
from tests.mediation.support import DictEnvironment, until

requests = AsyncRequestFactory()


class Backend:
    """Keeps its connections and frames; answers as its function says."""

    def __init__(self, answer):
        self.answer = answer
        self.connections = []
        self.headers = []
        self.frames = []

    async def serve(self, connection):
        self.connections.append(connection)
        self.headers.append(connection.request.headers)
        async for frame in connection:
            self.frames.append(frame)
            await self.answer(connection, frame)


class Service:
    """Proxy services that send to a back-end, served without a port."""

    def __init__(self, uri, *proxies, transports=None, **sequences):
        self.uri = uri
        self.environment = DictEnvironment(
            *proxies, transports={"ws": {"ws.outflow.dispatch.sequence": "out"} | (transports or {})}, **sequences
        )
        self.runtime = Runtime(self.environment)
        self.view = ProxyServiceView()
        self.view.bind(self.runtime)

    async def post(self, body, name="p", content_type="application/json", **headers):
        request = requests.post(f"/services/{name}", body, content_type=content_type, headers=headers)
        return await asyncio.wait_for(self.view(request, name), 10)

    async def end(self):
        await self.view.exchanges.drain(5)
        self.runtime.shared_backends.close()


def proxy(uri, name="p", out="<respond/>", fault="", before="", **parameters):
    said = "".join(
        f'<parameter name="{each.replace("_", ".")}">{value}</parameter>' for each, value in parameters.items()
    )
    fault = f"<faultSequence>{fault}</faultSequence>" if fault else ""
    return (
        f'<proxy name="{name}"><target><inSequence>{before}<send><endpoint><address uri="{uri}"/></endpoint></send>'
        f"</inSequence><outSequence>{out}</outSequence>{fault}</target>{said}</proxy>"
    )


CORRELATED = {"ws_http_reply": "correlated", "ws_http_reply_correlation": "json-eval($.id)"}


@pytest.fixture
async def serving():
    """Makes a back-end and a service that sends there."""
    services, servers = [], []

    async def make(answer, *names, transports=None, sequences=None, **parameters):
        backend = Backend(answer)
        server = await websockets.serve(backend.serve, "127.0.0.1", 0)
        uri = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        proxies = [proxy(uri, name, **parameters) for name in names or ("p",)]
        service = Service(uri, *proxies, transports=transports, **({"out": "<drop/>"} | (sequences or {})))
        services.append(service)
        servers.append(server)
        return service, backend

    yield make
    for service in services:
        await service.end()
    for server in servers:
        server.close()


async def nothing(connection, frame):
    pass


async def echo(connection, frame):
    await connection.send(frame)


async def test_a_caller_gets_the_reply_with_its_own_id(serving):
    waiting = []

    async def in_reverse(connection, frame):
        waiting.append(json.loads(frame)["id"])
        if len(waiting) == 20:
            await connection.send('{"push": "for nobody"}')
            for number in reversed(waiting):
                await connection.send(json.dumps({"id": number, "answer": number * 2}))

    service, backend = await serving(in_reverse, **CORRELATED)
    answers = await asyncio.gather(*(service.post(json.dumps({"id": number})) for number in range(20)))
    assert [json.loads(each.content)["answer"] for each in answers] == [number * 2 for number in range(20)]
    assert {(each.status_code, each["Content-Type"]) for each in answers} == {(200, "application/json")}
    assert len(backend.connections) == 1


async def test_the_reply_may_have_it_in_another_place(serving):
    async def answer(connection, frame):
        number = frame.partition("<id>")[2].partition("</id>")[0]
        await connection.send(f"<answer><to>{number}</to></answer>")

    service, _ = await serving(
        answer,
        ws_http_reply="correlated",
        ws_http_reply_correlation="//*[local-name()='id']",
        ws_http_reply_correlation_response="//*[local-name()='to']",
    )
    answer = await service.post("<ask><id>7</id></ask>", content_type="application/xml")
    assert answer.content == b"<answer><to>7</to></answer>"
    assert answer["Content-Type"].startswith("application/xml")


async def test_the_first_frame_answers_in_the_order_of_the_requests(serving):
    service, backend = await serving(echo, ws_http_reply="first")
    answers = await asyncio.gather(*(service.post(json.dumps({"n": number})) for number in range(20)))
    assert [json.loads(each.content)["n"] for each in answers] == list(range(20))
    assert len(backend.connections) == 1


async def test_the_reply_runs_through_the_out_sequence(serving):
    service, _ = await serving(
        echo, ws_http_reply="first", out='<property name="HTTP_SC" value="201" scope="axis2"/><respond/>'
    )
    assert (await service.post("{}")).status_code == 201


async def test_call_goes_on_with_the_reply(serving):
    async def answer(connection, frame):
        await connection.send('{"told": "by the back-end"}')

    service, _ = await serving(answer)
    service.environment.deploy(
        f'<proxy name="c"><target><inSequence><call><endpoint><address uri="{service.uri}"/></endpoint></call>'
        '<respond/></inSequence></target><parameter name="ws.http.reply">first</parameter></proxy>'
    )
    assert json.loads((await service.post("{}", "c")).content) == {"told": "by the back-end"}


async def test_no_reply_in_time_is_a_504(serving):
    service, _ = await serving(nothing, **CORRELATED, ws_http_reply_timeout="0.05")
    assert (await service.post('{"id": 1}')).status_code == 504


async def test_a_fault_sequence_can_answer_instead(serving):
    fault = """<payloadFactory media-type="json"><format>{"code": $1}</format><args>
        <arg expression="get-property('ERROR_CODE')"/></args></payloadFactory><respond/>"""
    service, _ = await serving(nothing, **CORRELATED, ws_http_reply_timeout="0.05", fault=fault)
    assert json.loads((await service.post('{"id": 1}')).content) == {"code": 101504}


async def test_a_reply_that_comes_too_late_is_not_taken_for_the_next_one(serving):
    asked = asyncio.Queue()

    async def late(connection, frame):
        asked.put_nowait(connection)

    service, backend = await serving(late, ws_http_reply="first", ws_http_reply_timeout="0.05")
    assert (await service.post('{"n": 1}')).status_code == 504
    connection = await asked.get()
    await connection.wait_closed()
    backend.answer = echo
    assert json.loads((await service.post('{"n": 2}')).content) == {"n": 2}
    assert len(backend.connections) == 2


async def test_a_connection_that_ends_fails_those_who_wait(serving):
    async def end(connection, frame):
        await connection.close(1011)

    service, _ = await serving(end, **CORRELATED)
    assert (await service.post('{"id": 1}')).status_code == 502


async def test_a_request_without_the_correlation_is_a_fault(serving):
    service, backend = await serving(
        echo, **CORRELATED, fault='<property name="HTTP_SC" value="400" scope="axis2"/><respond/>'
    )
    assert (await service.post("{}")).status_code == 400
    assert backend.frames == []


async def test_with_out_only_nobody_waits(serving):
    service, _ = await serving(echo, **CORRELATED, before='<property name="OUT_ONLY" value="true"/>')
    assert (await service.post("{}")).status_code == 202


async def test_the_transport_sender_speaks_for_services_that_say_nothing(serving):
    service, _ = await serving(echo, transports={"ws.http.reply": "first"})
    assert json.loads((await service.post('{"n": 1}')).content) == {"n": 1}


async def test_callers_of_all_services_share_a_connection(serving):
    service, backend = await serving(nothing, "one", "two")
    for name in ("one", "two", "one"):
        await service.post("{}", name)
    assert len(backend.connections) == 1


async def test_a_service_may_have_a_connection_of_its_own(serving):
    service, backend = await serving(nothing, "one", "two", ws_http_connection="proxy")
    for name in ("one", "two", "one"):
        await service.post("{}", name)
    assert len(backend.connections) == 2


async def test_the_connection_of_a_service_that_is_undeployed_is_closed(serving):
    service, backend = await serving(nothing, "one", "two", ws_http_connection="proxy")
    for name in ("one", "two"):
        await service.post("{}", name)
    del service.environment._artifacts["proxy", "one"]
    service.runtime.shared_backends.reconcile()
    await until(lambda: [each.close_code for each in backend.connections] == [1001, None])


async def test_headers_of_the_request_are_forwarded_when_they_are_listed(serving):
    service, backend = await serving(
        nothing,
        transports={
            "ws.headers.preserve": "Authorization, X-Trace, Connection, Sec-WebSocket-Key",
            "ws.custom.header": "h.",
        },
        before='<property name="h.X-Trace" value="mine" scope="axis2"/><property name="h." value="no" scope="axis2"/>',
    )
    await service.post("{}", Authorization="Bearer x", **{"X-Trace": "theirs", "Connection": "close", "X-Other": "1"})
    headers = backend.headers[0]
    assert headers["Authorization"] == "Bearer x"
    assert headers.get_all("X-Trace") == ["mine"]
    assert "X-Other" not in headers
