"""What becomes of a message that is not answered in time."""

import pytest

from mediation.errors import SendTimeout
from mediation.flow import run_leg
from mediation.mediators.sequence import NamedSequence

from .support import address, answer, endpoint, message

ONE, TWO = "http://one/", "http://two/"


def timeout(action, duration="1500"):
    action = f"<responseAction>{action}</responseAction>" if action else ""
    return f"<timeout><duration>{duration}</duration>{action}</timeout>"


@pytest.fixture
def late(network):
    network.says[ONE] = lambda: SendTimeout(ONE, 1.5)
    return network


async def run(settings):
    ctx = message(
        main=f"<send>{address(ONE, settings)}</send>",
        fault='<property name="fault" value="ran"/>',
    )
    outcome = run_leg(NamedSequence("main", "main").mediate, ctx, NamedSequence("fault", "fault"))
    assert not isinstance(outcome, bool)
    await outcome
    return ctx


async def test_with_fault_the_fault_sequence_runs_on_an_empty_body(late):
    ctx = await run(timeout("fault"))
    assert (ctx.get("ERROR_CODE"), ctx.get("ERROR_MESSAGE"), ctx.get("fault")) == (101504, "Send timeout", "ran")
    assert ctx.payload.first_child is None


@pytest.mark.parametrize("action", ["", "none", "never", "discard"])
async def test_otherwise_no_fault_sequence_runs(late, caplog, action):
    ctx = await run(timeout(action))
    assert ctx.get("fault") is None
    assert caplog.messages[0] == (
        f"Expiring message ID : {ctx.message_id}; dropping message after ENDPOINT_TIMEOUT of : 1.5 seconds for "
        "Endpoint : AnonymousEndpoint, URI : http://one/"
    )


@pytest.mark.parametrize(("action", "ready"), [("", True), ("discard", False), ("fault", False)])
async def test_without_an_action_the_endpoint_does_not_count_it(late, action, ready):
    target = endpoint(f'<address uri="{ONE}">{timeout(action)}</address>')
    with pytest.raises(SendTimeout):
        await answer(target)
    assert target.is_ready(message()) is ready


@pytest.mark.parametrize(("action", "uris"), [("fault", [ONE, TWO]), ("discard", [ONE]), ("", [ONE])])
async def test_a_group_goes_elsewhere_only_after_a_fault(late, action, uris):
    group = endpoint(f"<failover>{address(ONE, timeout(action))}{address(TWO)}</failover>")
    if action == "fault":
        assert await answer(group) == TWO
    else:
        with pytest.raises(SendTimeout):
            await answer(group)
    assert late.uris == uris


@pytest.mark.parametrize(
    ("value", "seconds"), [("2500", 2.5), ("9999999", 120.0), ("soon", 120.0), ("-1", 120.0), (None, 120.0)]
)
async def test_a_dynamic_duration_is_capped(network, value, seconds):
    target = endpoint(f"<address uri='{ONE}'>{timeout('fault', '{get-property(&quot;patience&quot;)}')}</address>")
    ctx = message()
    if value is not None:
        ctx.set("patience", value)
    await answer(target, ctx)
    assert network.sent[0][2].timeout == seconds
