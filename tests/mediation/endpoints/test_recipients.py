"""``<recipientlist>``: all get the message."""

import re

import pytest

from mediation.endpoints import recipients
from mediation.errors import ConnectionFailed, EndpointError, NoEndpointReady
from mediation.exchange import Exchange, Exchanges
from mediation.flow import run
from mediation.payloads import Payload
from mediation.transports import Answer
from mediation.transports.http import HTTP
from tests.mediation.http_backend import free_port_url, http_backend
from tests.mediation.support import RecordingSession, compiled

from .support import address, answer, endpoint, message

ONE, TWO, THREE = "http://one/", "http://two/", "http://three/"


def listed(*children):
    return f"<endpoint name='e'><recipientlist>{''.join(children)}</recipientlist></endpoint>"


class Client:
    """Keeps the answers whose response legs it should run."""

    name = "proxy:p"
    handshake_headers = None

    def __init__(self):
        self.responses = []

    def handed_over(self, ctx):
        pass

    def response_received(self, response, receive):
        self.responses.append((response.payload.raw.decode(), response.get("messageSequence"), receive))


async def sent(xml, ctx):
    sequence = compiled(f'<sequence xmlns="http://ws.apache.org/ns/synapse" name="s">{xml}</sequence>')
    outcome = run(sequence.mediators, ctx)
    assert outcome is False
    await ctx.branches.join()
    return ctx.client.responses


async def test_send_runs_a_response_leg_for_each_answer(network):
    ctx = message()
    ctx.client = Client()
    responses = await sent(f'<send receive="r">{listed(address(ONE), address(TWO))}</send>', ctx)
    assert sorted(responses) == [(ONE, "0/2", "r"), (TWO, "1/2", "r")]


async def test_one_that_fails_is_logged_and_the_others_go_on(network, caplog):
    network.down(ONE)
    ctx = message()
    ctx.client = Client()
    responses = await sent(f"<send>{listed(address(ONE), address(TWO))}</send>", ctx)
    assert [body for body, _, _ in responses] == [TWO]
    assert "Recipient List endpoint : e - a recipient failed: Connection refused: http://one/" in caplog.messages


async def test_one_that_fails_goes_to_the_on_error_of_its_endpoint(network):
    network.down(ONE)
    ctx = message(mine='<property name="handled" value="yes" scope="operation"/>')
    ctx.client = Client()
    guarded = f'<endpoint onError="mine"><address uri="{ONE}"/></endpoint>'
    responses = await sent(f"<send>{listed(guarded, address(TWO))}</send>", ctx)
    assert [body for body, _, _ in responses] == [TWO]
    assert ctx.get("handled", "operation") == "yes"


async def test_each_recipient_has_a_copy_of_its_own(network):
    ctx = message()
    ctx.client = Client()
    await sent(f"<send>{listed(address(ONE), address(TWO))}</send>", ctx)
    copies = [sent for _, sent, _ in network.sent]
    assert len({id(copy) for copy in (*copies, ctx)}) == 3
    assert ctx.get("messageSequence") is None


async def test_addresses_of_the_message(network):
    group = endpoint('<recipientlist><endpoints value="{get-property(\'list\')}" max-cache="2"/></recipientlist>')
    ctx = message()
    ctx.set("list", f"{ONE}, {TWO} ,{THREE}")
    assert await answer(group, ctx) == ONE
    assert sorted(network.uris) == sorted([ONE, TWO, THREE])
    assert group.known.endpoint(THREE) is group.known.endpoint(THREE)


async def test_more_recipients_than_the_limit_fail(network, monkeypatch):
    monkeypatch.setattr(recipients, "MAX_RECIPIENTS", 2)
    group = endpoint("<recipientlist><endpoints value=\"{get-property('list')}\"/></recipientlist>")
    ctx = message()
    ctx.set("list", f"{ONE},{TWO},{THREE}")
    with pytest.raises(EndpointError, match="3 recipients are more than 2"):
        await answer(group, ctx)


async def test_none_ready_is_303000(network):
    group = endpoint(f"<recipientlist>{address(ONE)}</recipientlist>")
    network.down(ONE)
    with pytest.raises(ConnectionFailed):
        await answer(group)
    with pytest.raises(NoEndpointReady, match=r"^Recipient List endpoint : e - no ready child endpoints$"):
        await answer(group)


async def test_call_goes_on_with_the_first_answer(network):
    network.down(ONE)
    ctx = message()
    call = f"<call>{listed(address(ONE), address(TWO))}</call>"
    sequence = compiled(f'<sequence xmlns="http://ws.apache.org/ns/synapse" name="s">{call}</sequence>')
    assert await sequence.mediate(ctx) is True
    assert ctx.payload.raw == TWO.encode()


async def test_a_websocket_frame_goes_to_all_back_ends(network):
    group = f"<send>{listed(address('ws://one/'), address('ws://two/'))}</send>"
    session = RecordingSession(message(main=group).environment)
    await session.send("x")
    assert network.uris == ["ws://one/", "ws://two/"]


def test_a_list_of_nobody_is_a_mistake():
    with pytest.raises(AssertionError, match="<recipientlist> needs children <endpoint>"):
        endpoint("<recipientlist/>")


async def test_members_get_the_path_of_the_message(network):
    group = endpoint('<recipientlist><member hostName="one" httpPort="9001"/></recipientlist>')
    ctx = message()
    ctx.to = "/services/Stock"
    network.says["http://one:9001/services/Stock"] = Answer(Payload(b"member"))
    assert await answer(group, ctx) == "member"


async def test_answers_of_all_recipients_are_aggregated():
    async with http_backend() as one, http_backend() as two:
        one.answers(b"<r><n>1</n></r>", Content_Type="application/xml")
        two.answers(b"<r><n>2</n></r>", Content_Type="application/xml")
        group = listed(address(one.url), address(two.url), address(free_port_url()))
        aggregate = (
            "<aggregate><completeCondition timeout='1'><messageCount min='2'/></completeCondition>"
            "<onComplete expression='//r' enclosingElementProperty='all'><respond/></onComplete></aggregate>"
        )
        proxy = f"""<proxy xmlns="http://ws.apache.org/ns/synapse" name="p"><target>
            <inSequence><property name="all"><all xmlns=""/></property><send>{group}</send></inSequence>
            <outSequence>{aggregate}</outSequence></target></proxy>"""
        ctx = message(proxy)
        running = Exchanges(10)
        exchange = Exchange(ctx.environment.proxy_service("p"), ctx, None)
        result = await exchange.run(running)
        assert await running.drain(5) == 0
        await HTTP.aclose()
    assert sorted(re.findall(rb"<n>(\d)</n>", result.body)) == [b"1", b"2"]
