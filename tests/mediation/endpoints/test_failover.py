"""``<failover>``: who gets the message when somebody is down."""

import pytest

from mediation.errors import ConnectionFailed, EndpointError, NoEndpointReady
from tests.mediation.support import RecordingSession

from .support import address, answer, endpoint, message

ONE, TWO, THREE = "http://one/", "http://two/", "http://three/"
FAST = "<suspendOnFailure><initialDuration>0</initialDuration></suspendOnFailure>"


def failover(*children, attributes=""):
    return endpoint(f"<failover {attributes}>{''.join(children)}</failover>")


async def test_the_first_that_works_has_it(network):
    group = failover(address(ONE), address(TWO), address(THREE))
    assert await answer(group) == ONE
    network.down(ONE, TWO)
    assert await answer(group) == THREE
    assert network.uris == [ONE, ONE, TWO, THREE]


async def test_what_is_suspended_is_left_out(network):
    group = failover(address(ONE), address(TWO))
    network.down(ONE)
    await answer(group)
    network.says.clear()
    assert await answer(group) == TWO
    assert network.uris == [ONE, TWO, TWO]


async def test_the_failure_of_the_last_one_is_that_of_the_group(network):
    group = failover(address(ONE), address(TWO))
    network.down(ONE, TWO)
    with pytest.raises(ConnectionFailed, match="Connection refused: http://two/"):
        await answer(group)


async def test_none_ready_is_303000(network):
    group = failover(address(ONE))
    network.down(ONE)
    with pytest.raises(ConnectionFailed):
        await answer(group)
    with pytest.raises(NoEndpointReady, match=r"^Failover endpoint : e - no ready child endpoints$") as failure:
        await answer(group)
    assert failure.value.code == 303000


async def test_nobody_is_tried_twice_for_a_message(network):
    group = failover(address(ONE, FAST), address(TWO, FAST))
    network.down(ONE, TWO)
    with pytest.raises(EndpointError):
        await answer(group)
    assert network.uris == [ONE, TWO]


async def test_a_child_that_is_back_is_the_first_again(network):
    group = failover(address(ONE, FAST), address(TWO))
    network.down(ONE)
    await answer(group)
    network.says.clear()
    assert await answer(group) == ONE


async def test_without_dynamic_the_one_in_use_stays_in_use(network):
    group = failover(address(ONE, FAST), address(TWO), attributes='dynamic="false"')
    network.down(ONE)
    await answer(group)
    network.says.clear()
    assert await answer(group) == TWO


@pytest.mark.parametrize(
    ("codes", "goes_on"),
    [
        ("<disabledErrorCodes>101503</disabledErrorCodes>", False),
        ("<disabledErrorCodes>101504</disabledErrorCodes>", True),
        ("<enabledErrorCodes>101504, 101505</enabledErrorCodes>", False),
        ("<enabledErrorCodes>101503</enabledErrorCodes>", True),
    ],
)
async def test_error_codes_say_whether_another_one_is_tried(network, caplog, codes, goes_on):
    group = failover(address(ONE, f"<retryConfig>{codes}</retryConfig>"), address(TWO))
    network.down(ONE)
    if goes_on:
        assert await answer(group) == TWO
        return
    with pytest.raises(ConnectionFailed):
        await answer(group)
    assert caplog.messages[-1] == (
        "Failover endpoint : e - one of the child endpoints encounterd a non-retry error, "
        "not sending message to another endpoint"
    )


async def test_a_group_in_a_group_goes_elsewhere_after_such_an_error(network):
    settings = "<retryConfig><disabledErrorCodes>101503</disabledErrorCodes></retryConfig>"
    inner = f"<endpoint><failover>{address(ONE, settings)}{address(TWO)}</failover></endpoint>"
    network.down(ONE)
    assert await answer(failover(inner, address(THREE))) == THREE


async def test_each_attempt_sends_the_same_body(network):
    group = failover(address(ONE), address(TWO))
    network.down(ONE)
    ctx = message()
    await answer(group, ctx)
    assert [sent.payload.format()[0] for _, sent, _ in network.sent] == [b"<a/>", b"<a/>"]


async def test_errors_of_earlier_attempts_are_gone(network):
    ctx = message()
    ctx.set("ERROR_CODE", 101503)
    await answer(failover(address(ONE)), ctx)
    assert ctx.get("ERROR_CODE") is None


async def test_children_may_be_references(network):
    ctx = message(
        f'<endpoint name="one"><address uri="{ONE}"/></endpoint>',
        f'<endpoint name="two"><address uri="{TWO}"/></endpoint>',
    )
    group = failover('<endpoint key="gone"/>', '<endpoint key="one"/>', '<endpoint key="two"/>')
    network.down(ONE)
    assert await answer(group, ctx) == TWO


async def test_a_websocket_client_stays_with_the_back_end_that_it_began_with(network):
    group = (
        f"<send><endpoint name='e'><failover>{address('ws://one/')}{address('ws://two/')}</failover></endpoint></send>"
    )
    ctx = message(main=group)
    network.down("ws://one/")
    first = RecordingSession(ctx.environment)
    await first.send("1")
    network.says.clear()
    await first.send("2")
    await RecordingSession(ctx.environment).send("3")
    assert network.uris == ["ws://one/", "ws://two/", "ws://two/", "ws://one/"]


async def test_what_is_no_failure_of_an_endpoint_is_not_tried_elsewhere(network):
    group = failover(address(ONE), address(TWO))
    ctx = message()
    network.says[ONE] = lambda: ValueError("a defect")
    with pytest.raises(ValueError, match="a defect"):
        await answer(group, ctx)
    assert network.uris == [ONE]
