"""``<loadbalance>``: who has its turn."""

import pytest

from mediation.errors import ConnectionFailed, EndpointNotReady, NoEndpointReady
from mediation.headers import Headers
from mediation.payloads import Payload
from mediation.transports import Answer
from tests.mediation.support import RecordingSession

from .support import address, answer, endpoint, message

ONE, TWO, THREE = "http://one/", "http://two/", "http://three/"
PACKAGE = "org.apache.synapse.endpoints.algorithms"


def loadbalance(*children, attributes="", session=""):
    return endpoint(f"<loadbalance {attributes}>{''.join(children)}</loadbalance>{session}")


def weighted(uri, weight):
    return f'<endpoint><address uri="{uri}"/><property name="loadbalance.weight" value="{weight}"/></endpoint>'


async def turns(group, count):
    return [await answer(group) for _ in range(count)]


async def test_one_after_the_other(network):
    group = loadbalance(address(ONE), address(TWO), address(THREE))
    assert await turns(group, 4) == [ONE, TWO, THREE, ONE]


async def test_as_many_in_a_row_as_the_weight_says(network):
    group = loadbalance(
        weighted(ONE, 1), weighted(TWO, 2), weighted(THREE, 3), attributes=f'algorithm="{PACKAGE}.WeightedRoundRobin"'
    )
    assert await turns(group, 7) == [ONE, TWO, TWO, THREE, THREE, THREE, ONE]


async def test_the_next_one_gets_what_one_fails_to_deliver(network):
    group = loadbalance(address(ONE), address(TWO), address(THREE))
    network.down(ONE)
    assert await turns(group, 3) == [TWO, THREE, TWO]


async def test_without_failover_the_first_failure_is_the_end(network):
    group = loadbalance(address(ONE), address(TWO), attributes='failover="false"')
    network.down(ONE)
    with pytest.raises(ConnectionFailed):
        await answer(group)
    assert network.uris == [ONE]


async def test_none_ready_is_303000(network):
    group = loadbalance(address(ONE))
    network.down(ONE)
    with pytest.raises(ConnectionFailed):
        await answer(group)
    with pytest.raises(NoEndpointReady, match=r"^Loadbalance endpoint : e - no ready child endpoints$"):
        await answer(group)


async def test_members_keep_the_path_and_the_scheme_of_the_message(network):
    group = loadbalance(
        '<member hostName="one" httpPort="9001" httpsPort="9444"/>', '<member hostName="two" httpPort="9002"/>'
    )
    ctx = message()
    ctx.to = "/services/Stock?x=1"
    ctx.set("TRANSPORT_IN_NAME", "https")
    assert await answer(group, ctx) == "https://one:9444/services/Stock?x=1"
    ctx.to = "http://evil.example//@other/a"
    assert await answer(group, ctx) == "http://two:9002/@other/a"


async def test_a_websocket_client_stays_with_its_back_end_and_others_take_turns(network):
    group = f"<send><endpoint><loadbalance>{address('ws://one/')}{address('ws://two/')}</loadbalance></endpoint></send>"
    environment = message(main=group).environment
    first, second = RecordingSession(environment), RecordingSession(environment)
    for client in (first, second, first, second):
        await client.send("x")
    assert network.uris == ["ws://one/", "ws://two/", "ws://one/", "ws://two/"]


def with_cookie(value):
    ctx = message()
    ctx.headers = Headers([("Cookie", value)])
    return ctx


async def test_a_session_stays_with_the_back_end_that_began_it(network):
    group = loadbalance(address(ONE), address(TWO), session='<session type="http"/>')
    network.says[ONE] = Answer(Payload(ONE.encode()), headers=Headers([("Set-Cookie", "JSESSIONID=a1; Path=/")]))
    assert await answer(group) == ONE
    assert [await answer(group, with_cookie("lang=en; JSESSIONID=a1")) for _ in range(3)] == [ONE, ONE, ONE]
    assert await answer(group, with_cookie("JSESSIONID=unknown")) == TWO


async def test_a_session_is_not_sent_elsewhere(network):
    group = loadbalance(address(ONE), address(TWO), session='<session type="http"/>')
    network.says[ONE] = Answer(Payload(ONE.encode()), headers=Headers([("Set-Cookie", "JSESSIONID=a1")]))
    await answer(group)
    network.down(ONE)
    with pytest.raises(ConnectionFailed):
        await answer(group, with_cookie("JSESSIONID=a1"))
    with pytest.raises(EndpointNotReady) as refused:
        await answer(group, with_cookie("JSESSIONID=a1"))
    assert refused.value.code == 309001


MISTAKES = [
    ("<loadbalance/>", "<loadbalance> needs children <endpoint> or <member>"),
    (
        f'<loadbalance>{address(ONE)}<member hostName="h" httpPort="1"/></loadbalance>',
        "<loadbalance> has <endpoint> or",
    ),
    ('<loadbalance algorithm="com.acme.Mine"/>', "<loadbalance> needs children"),
    (f'<loadbalance algorithm="com.acme.Mine">{address(ONE)}</loadbalance>', 'the algorithm "com.acme.Mine" is kept'),
    (f"<loadbalance>{weighted(ONE, 0)}</loadbalance>", 'loadbalance.weight "0" is not a number above zero'),
    (
        f'<loadbalance>{address(ONE)}</loadbalance><session type="mine"/>',
        '<session> type "mine" is not one of http, soap',
    ),
    ('<loadbalance><member hostName="h" httpPort="x"/></loadbalance>', '<member> httpPort "x" is not a port'),
    (
        '<loadbalance><endpoint key="a"/><endpoint key="a"/></loadbalance>',
        "Same endpoint definition cannot be used with in the siblings",
    ),
]


@pytest.mark.parametrize(("inner", "expected"), MISTAKES)
def test_mistakes(inner, expected):
    with pytest.raises(AssertionError) as failure:
        endpoint(inner)
    assert expected in str(failure.value)
