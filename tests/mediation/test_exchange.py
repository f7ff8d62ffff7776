from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web

from mediation.aggregation import ROOM
from mediation.branches import Branches
from mediation.exchange import Exchange, Exchanges
from mediation.headers import Headers
from mediation.http_answer import HttpAnswer
from mediation.message import MessageContext
from mediation.payloads import Payload
from mediation.payloads.xml import SYNAPSE_NS
from mediation.runtime import Runtime
from mediation.transports import TRANSPORTS
from mediation.transports.http import HTTP
from mediation.transports.websocket.sender import WebSocketSender
from tests.mediation.http_backend import free_port_url, http_backend
from tests.mediation.support import DictEnvironment, until

RECEIVE = 'receive="received"'
FORCE = '<property name="FORCE_SC_ACCEPTED" value="true" scope="axis2"/>'


def proxy(target: str, attributes: str = "") -> str:
    return f'<proxy xmlns="{SYNAPSE_NS}" name="p"><target {attributes}>{target}</target></proxy>'


def send(url: str, attributes: str = "") -> str:
    return f'<send {attributes}><endpoint><address uri="{url}"/></endpoint></send>'


def constant(text: str) -> str:
    """Mediators that make the text the body."""
    return (
        f'<payloadFactory media-type="text"><format>{text}</format><args/></payloadFactory>'
        '<property name="messageType" value="text/plain" scope="axis2"/>'
    )


@pytest.fixture
async def backend():
    async with http_backend() as backend:
        yield backend


@pytest.fixture
async def running():
    running = Exchanges(100)
    yield running
    assert await running.drain(5) == 0
    await HTTP.aclose()


def exchange(env: DictEnvironment, body: bytes = b"<a/>", content_type: str = "text/xml", **headers: str) -> Exchange:
    fields = Headers([*headers.items(), ("Content-Type", content_type)])
    axis2: dict[str, Any] = {"HTTP_METHOD": "POST", "messageType": content_type, "ContentType": content_type}
    ctx = MessageContext(env, Payload(body, content_type), axis2=axis2, headers=fields)
    ctx.to = "/services/p"
    service = env.proxy_service("p")
    assert service is not None
    return Exchange(service, ctx, Runtime(env).shared_backends.backends)


def test_the_web_socket_transport_is_there():
    assert isinstance(TRANSPORTS["ws"], WebSocketSender)


# -- who answers


async def test_respond_in_the_in_sequence_answers(running):
    env = DictEnvironment(proxy("<inSequence><respond/></inSequence>"))

    answer = await exchange(env).run(running)

    assert (answer.status, answer.body) == (200, b"<a/>")


async def test_without_an_answer_the_client_gets_202(running):
    env = DictEnvironment(proxy("<inSequence><drop/></inSequence>"))

    assert await exchange(env).run(running) == HttpAnswer(202)


async def test_a_second_answer_is_dropped_with_a_warning(running, caplog):
    env = DictEnvironment(proxy('<inSequence><sequence key="twice"/></inSequence>'), twice="<respond/>")
    request = exchange(env)
    await request.run(running)

    request.reply(MessageContext(env))

    assert "Trying to send a response to an already responded client request - Proxy Name : p" in caplog.messages


async def test_an_out_sequence_that_sends_to_a_back_end_for_ever_is_a_fault(running, backend):
    fault = f"<faultSequence>{constant('enough')}<respond/></faultSequence>"
    out = f"<outSequence>{send(backend.url)}</outSequence>"
    env = DictEnvironment(proxy(f"<inSequence>{send(backend.url)}</inSequence>{out}{fault}"))

    answer = await exchange(env).run(running)

    assert (answer.status, answer.body) == (500, b"enough")
    assert len(backend.seen) < 100


async def test_the_endpoint_gets_what_the_in_sequence_lets_through(running, backend):
    env = DictEnvironment(proxy(f'<inSequence/><endpoint><address uri="{backend.url}/x"/></endpoint>'))

    answer = await exchange(env).run(running)

    assert (answer.status, answer.body, backend.seen[0].target) == (200, b"<a/>", "/x")


async def test_the_endpoint_gets_nothing_when_the_in_sequence_ends_the_flow(running, backend):
    env = DictEnvironment(proxy(f'<inSequence><drop/></inSequence><endpoint><address uri="{backend.url}"/></endpoint>'))

    assert (await exchange(env).run(running)).status == 202
    assert backend.seen == []


# -- pre-mediate


async def test_pre_mediate_runs_before_requests_and_before_answers_to_a_send(running, backend):
    counting = "<property name=\"seen\" expression=\"concat(get-property('seen'), 'x')\"/>"
    told = '<header name="X-Seen" scope="transport" expression="get-property(\'seen\')"/>'
    env = DictEnvironment(
        proxy(f"<inSequence>{told}{send(backend.url)}</inSequence><outSequence>{told}<send/></outSequence>"),
        **{"pre-mediate": counting},
    )

    answer = await exchange(env).run(running)

    assert ("X-Seen", "x") in backend.seen[0].headers
    assert dict(answer.headers)["X-Seen"] == "xx"


async def test_what_pre_mediate_ends_goes_no_further(running, backend):
    env = DictEnvironment(
        proxy(f'<inSequence/><endpoint><address uri="{backend.url}"/></endpoint>'), **{"pre-mediate": "<drop/>"}
    )

    assert (await exchange(env).run(running)).status == 202
    assert backend.seen == []


async def test_a_failure_of_pre_mediate_runs_the_fault_sequence_of_the_service(running):
    fault = f"<faultSequence>{constant('told')}<respond/></faultSequence>"
    env = DictEnvironment(
        proxy(f"<inSequence><respond/></inSequence>{fault}"), **{"pre-mediate": '<sequence key="nowhere"/>'}
    )

    assert (await exchange(env).run(running)).body == b"told"


# -- the response leg


async def test_a_back_end_s_answer_passes_through_as_it_is(running, backend):
    backend.answers(b"<?xml version='1.0'?>\n<b  x='1'/>", 201, Content_Type="text/xml;a=b", X_B="2")
    env = DictEnvironment(proxy(f"<inSequence>{send(backend.url)}</inSequence>"))

    answer = await exchange(env).run(running)

    assert (answer.status, answer.body) == (201, b"<?xml version='1.0'?>\n<b  x='1'/>")
    assert dict(answer.headers)["Content-Type"] == "text/xml;a=b"
    assert dict(answer.headers)["X-B"] == "2"


async def test_the_out_sequence_mediates_the_answer(running, backend):
    env = DictEnvironment(
        proxy(f"<inSequence>{send(backend.url)}</inSequence><outSequence>{constant('out')}<send/></outSequence>")
    )

    answer = await exchange(env).run(running)

    assert (answer.status, answer.body) == (200, b"out")


async def test_a_receive_sequence_goes_before_the_out_sequence(running, backend):
    env = DictEnvironment(
        proxy(
            f"<inSequence>{send(backend.url, RECEIVE)}</inSequence>"
            f"<outSequence>{constant('out')}<respond/></outSequence>"
        ),
        received=f"{constant('received')}<respond/>",
    )

    assert (await exchange(env).run(running)).body == b"received"


async def test_properties_of_the_request_reach_the_response(running, backend):
    env = DictEnvironment(
        proxy(
            f'<inSequence><property name="x" value="418"/>{send(backend.url)}</inSequence>'
            '<outSequence><property name="HTTP_SC" expression="get-property(\'x\')" scope="axis2"/>'
            "<send/></outSequence>"
        )
    )

    assert (await exchange(env).run(running)).status == 418


async def test_the_out_sequence_that_does_not_answer_leaves_202(running, backend):
    env = DictEnvironment(proxy(f"<inSequence>{send(backend.url)}</inSequence><outSequence><drop/></outSequence>"))

    assert (await exchange(env).run(running)).status == 202


async def test_out_only_asks_for_no_response_leg(running, backend):
    env = DictEnvironment(
        proxy(
            f'<inSequence><property name="OUT_ONLY" value="true"/>{send(backend.url)}</inSequence>'
            f"<outSequence>{constant('out')}<respond/></outSequence>"
        )
    )

    assert await exchange(env).run(running) == HttpAnswer(202)
    assert len(backend.seen) == 1


# -- faults


async def test_a_failure_of_the_request_leg_runs_the_fault_sequence(running):
    env = DictEnvironment(
        proxy(
            '<inSequence><sequence key="nowhere"/></inSequence>'
            '<faultSequence><property name="HTTP_SC" value="500" scope="axis2"/><respond/></faultSequence>'
        )
    )
    request = exchange(env)

    answer = await request.run(running)

    assert (answer.status, answer.body) == (500, b"<a/>")


async def test_a_proxy_service_without_fault_sequence_uses_the_default_one(running):
    env = DictEnvironment(
        proxy('<inSequence><sequence key="nowhere"/></inSequence>'), fault=f"{constant('fault')}<respond/>"
    )

    assert (await exchange(env).run(running)).body == b"fault"


async def test_a_failure_of_the_response_leg_is_a_500(running, backend):
    env = DictEnvironment(
        proxy(
            f'<inSequence>{send(backend.url)}</inSequence><outSequence><sequence key="nowhere"/></outSequence>'
            f"<faultSequence>{constant('fault')}<respond/></faultSequence>"
        )
    )

    answer = await exchange(env).run(running)

    assert (answer.status, answer.body) == (500, b"fault")


async def test_a_receive_sequence_that_is_missing_runs_the_fault_sequence(running, backend):
    env = DictEnvironment(
        proxy(
            f"<inSequence>{send(backend.url, RECEIVE)}</inSequence>"
            f"<faultSequence>{constant('fault')}<respond/></faultSequence>"
        )
    )

    assert (await exchange(env).run(running)).body == b"fault"


async def test_an_answer_that_cannot_be_written_runs_the_fault_sequence(running):
    env = DictEnvironment(
        proxy(
            '<inSequence><property name="X-A" value="a&#10;b" scope="transport"/><respond/></inSequence>'
            '<faultSequence><property name="X-A" action="remove" scope="transport"/>'
            f"{constant('fault')}<respond/></faultSequence>"
        )
    )

    assert (await exchange(env).run(running)).body == b"fault"


async def test_a_back_end_that_is_down_is_told_when_no_sequence_answers(running):
    env = DictEnvironment(proxy(f"<inSequence>{send(free_port_url())}</inSequence>"))

    assert (await exchange(env).run(running)).status == 502


async def test_the_status_of_the_fault_sequence_goes_before(running):
    env = DictEnvironment(
        proxy(
            f"<inSequence>{send(free_port_url())}</inSequence>"
            '<faultSequence><property name="HTTP_SC" value="503" scope="axis2"/><respond/></faultSequence>'
        )
    )

    assert (await exchange(env).run(running)).status == 503


@pytest.mark.parametrize("action", ["fault", "discard", "none"])
async def test_a_back_end_that_is_too_slow_is_told_when_no_sequence_answers(running, backend, action):
    waiting = asyncio.Event()

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        await waiting.wait()
        return web.Response()

    backend.answer = answer
    env = DictEnvironment(
        proxy(
            f'<inSequence><send><endpoint><address uri="{backend.url}">'
            f"<timeout><duration>50</duration><responseAction>{action}</responseAction></timeout>"
            "</address></endpoint></send></inSequence>"
        )
    )

    status = (await exchange(env).run(running)).status
    waiting.set()

    assert status == 504


# -- FORCE_SC_ACCEPTED


async def test_forced_202_does_not_wait_for_the_back_end(running, backend):
    waiting = asyncio.Event()

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        await waiting.wait()
        return web.Response(text="late")

    backend.answer = answer
    env = DictEnvironment(proxy(f"<inSequence>{FORCE}{send(backend.url)}</inSequence>"))

    assert await exchange(env).run(running) == HttpAnswer(202)
    waiting.set()


async def test_an_answer_after_the_forced_202_is_dropped_with_a_warning(running, backend, caplog):
    env = DictEnvironment(proxy(f"<inSequence>{FORCE}{send(backend.url)}</inSequence>"))

    await exchange(env).run(running)
    await running.drain(5)

    assert "already responded client request - Proxy Name : p" in caplog.text


async def test_an_answer_before_the_end_of_mediation_goes_before_the_forced_202(running):
    env = DictEnvironment(proxy(f"<inSequence>{FORCE}<respond/></inSequence>"))

    assert (await exchange(env).run(running)).status == 200


async def test_forced_202_of_a_flow_that_fails_is_logged(running, caplog):
    env = DictEnvironment(proxy(f'<inSequence>{FORCE}<sequence key="nowhere"/></inSequence>'))

    assert await exchange(env).run(running) == HttpAnswer(202)
    assert "Sequence named nowhere cannot be found" in caplog.text


WS_DOWN = free_port_url().replace("http:", "ws:")


async def test_forced_202_when_a_web_socket_back_end_is_down(running):
    env = DictEnvironment(proxy(f"<inSequence>{FORCE}{send(WS_DOWN)}</inSequence>"))

    assert (await exchange(env).run(running)).status == 202


async def test_the_fault_sequence_may_tell_that_a_web_socket_back_end_is_down(running):
    env = DictEnvironment(
        proxy(
            f"<inSequence>{FORCE}{send(WS_DOWN)}</inSequence>"
            "<faultSequence>"
            '<property name="HTTP_SC" value="503" scope="axis2"/>'
            '<property name="X-Code" expression="get-property(\'ERROR_CODE\')" scope="transport"/>'
            "<respond/></faultSequence>"
        )
    )

    answer = await exchange(env).run(running)

    assert (answer.status, dict(answer.headers).get("X-Code")) == (503, "101503")


async def test_the_status_for_a_failed_back_end_can_be_chosen(running):
    env = DictEnvironment(
        proxy(f"<inSequence>{FORCE}{send(WS_DOWN)}</inSequence>"),
        transports={"ws": {"ws.http.connect_failure_status": "502"}},
    )

    assert (await exchange(env).run(running)).status == 502


# -- branches and groups

PARTS = 150


def iterate(inside: str, attributes: str = "") -> str:
    return f'<iterate expression="//b" {attributes}><target><sequence>{inside}</sequence></target></iterate>'


def aggregate(inside: str = "<respond/>", condition: str = "", attributes: str = "") -> str:
    return f"<aggregate {attributes}>{condition}<onComplete>{inside}</onComplete></aggregate>"


def parts(count: int = PARTS) -> bytes:
    envelope = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><a>{}</a></s:Body></s:Envelope>'
    return envelope.format("".join(f"<b>{number}</b>" for number in range(count))).encode()


@pytest.mark.parametrize("sequential", ["true", "false"])
async def test_answers_to_the_parts_of_a_message_become_one(running, backend, sequential):
    inside = iterate(send(backend.url), f'sequential="{sequential}"')
    env = DictEnvironment(proxy(f"<inSequence>{inside}</inSequence><outSequence>{aggregate()}</outSequence>"))

    answer = await exchange(env, parts(), SOAPAction="a").run(running)

    assert answer.status == 200
    assert answer.body.count(b"<b>") == PARTS
    assert len(backend.seen) == PARTS


async def test_parts_that_are_turned_round_become_one(running):
    inside = iterate("<loopback/>", 'id="x"')
    out = aggregate(attributes='id="x"')
    env = DictEnvironment(proxy(f"<inSequence>{inside}</inSequence><outSequence>{out}</outSequence>"))

    answer = await exchange(env, parts(), SOAPAction="a").run(running)

    assert answer.body.count(b"<b>") == PARTS


async def test_only_so_many_branches_send_at_a_time(running, backend, monkeypatch):
    monkeypatch.setattr(Branches, "limit", 3)
    open_requests, most = 0, 0

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal open_requests, most
        open_requests += 1
        most = max(most, open_requests)
        await asyncio.sleep(0.001)
        open_requests -= 1
        return web.Response(body=parts(1), headers={"Content-Type": "text/xml"})

    backend.answer = answer
    inside = iterate(send(backend.url))
    env = DictEnvironment(proxy(f"<inSequence>{inside}</inSequence><outSequence>{aggregate()}</outSequence>"))

    answer_of_all = await exchange(env, parts(30), SOAPAction="a").run(running)

    assert answer_of_all.body.count(b"<b>") == 30
    assert most == 3


async def test_202_when_all_branches_and_their_answers_have_ended(running, backend):
    asked, waiting = asyncio.Event(), asyncio.Event()

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        asked.set()
        await waiting.wait()
        return web.Response(text="answer")

    backend.answer = answer
    env = DictEnvironment(
        proxy(f"<inSequence>{iterate(send(backend.url))}</inSequence><outSequence><drop/></outSequence>")
    )
    request = asyncio.create_task(exchange(env, parts(2), SOAPAction="a").run(running))
    await asked.wait()

    assert not request.done()
    waiting.set()
    assert await request == HttpAnswer(202)


async def test_202_when_a_group_is_given_up(running, monkeypatch):
    monkeypatch.setattr(ROOM, "patience", 0.02)
    inside = iterate("<loopback/>")
    condition = '<completeCondition><messageCount min="9"/></completeCondition>'
    waits = '<property name="messageSequence" action="remove"/>'
    out = f"<outSequence>{waits}{aggregate(condition=condition)}</outSequence>"
    env = DictEnvironment(proxy(f"<inSequence>{inside}</inSequence>{out}"))

    assert await exchange(env, parts(2), SOAPAction="a").run(running) == HttpAnswer(202)


async def test_a_group_answers_at_its_time_out(running):
    inside = iterate("<loopback/>")
    timed = '<completeCondition timeout="1"><messageCount min="-1"/></completeCondition>'
    waits = '<property name="messageSequence" action="remove"/>'
    out = f"<outSequence>{waits}{aggregate(condition=timed)}</outSequence>"
    env = DictEnvironment(proxy(f"<inSequence>{inside}</inSequence>{out}"))

    answer = await exchange(env, parts(2), SOAPAction="a").run(running)

    assert (answer.status, answer.body.count(b"<b>")) == (200, 2)


async def test_what_cannot_be_joined_runs_the_fault_sequence_of_the_proxy_service(running):
    out = '<aggregate><onComplete expression="."><respond/></onComplete></aggregate>'
    fault = f"<faultSequence>{constant('failed')}<respond/></faultSequence>"
    inside = iterate("<loopback/>")
    env = DictEnvironment(proxy(f"<inSequence>{inside}</inSequence><outSequence>{out}</outSequence>{fault}"))

    answer = await exchange(env, parts(2), SOAPAction="a").run(running)

    assert (answer.status, answer.body) == (500, b"failed")


async def test_what_is_cancelled_ends_its_branches(running, backend):
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    backend.answer = answer
    env = DictEnvironment(proxy(f"<inSequence>{iterate(send(backend.url))}</inSequence>"))
    request = exchange(env, parts(2), SOAPAction="a")
    answered = asyncio.create_task(request.run(running))
    await until(lambda: len(backend.seen) == 2)

    assert await running.drain(0.01) == 1
    assert (await answered).status == 503
    await until(lambda: not request._request.unfinished)


# -- life


async def test_the_flow_finishes_when_the_client_goes_away(running, backend):
    arrived, waiting = asyncio.Event(), asyncio.Event()

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        arrived.set()
        await waiting.wait()
        return web.Response(text="answer")

    backend.answer = answer
    out = f'<property name="OUT_ONLY" value="true"/>{send(f"{backend.url}/second")}'
    env = DictEnvironment(proxy(f"<inSequence>{send(backend.url)}</inSequence><outSequence>{out}</outSequence>"))
    request = asyncio.create_task(exchange(env).run(running))
    await arrived.wait()

    request.cancel()
    await asyncio.gather(request, return_exceptions=True)
    waiting.set()
    assert await running.drain(5) == 0

    assert backend.seen[-1].target == "/second"


async def test_draining_waits_for_what_runs(running, backend):
    env = DictEnvironment(proxy(f"<inSequence>{FORCE}{send(backend.url)}</inSequence>"))
    await exchange(env).run(running)
    assert len(running) == 1

    assert await running.drain(5) == 0
    assert len(running) == 0
    assert len(backend.seen) == 1


async def test_draining_cancels_what_takes_too_long(running, backend):
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    backend.answer = answer
    env = DictEnvironment(proxy(f"<inSequence>{send(backend.url)}</inSequence>"))
    request = asyncio.create_task(exchange(env).run(running))
    await asyncio.sleep(0)

    assert await running.drain(0.05) == 1
    assert (await request).status == 503


async def test_the_number_of_exchanges_is_known(backend):
    running = Exchanges(1)
    env = DictEnvironment(proxy(f"<inSequence>{FORCE}{send(backend.url)}</inSequence>"))
    assert not running.full

    await exchange(env).run(running)

    assert running.full
    await running.drain(5)
    assert not running.full
    await HTTP.aclose()
