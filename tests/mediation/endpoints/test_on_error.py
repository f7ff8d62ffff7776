"""``onError`` of an endpoint: its sequence deals with the failure, and the flow ends."""

import pytest

from mediation.flow import run_leg
from mediation.mediators.sequence import NamedSequence

from .support import address, message

MARK = '<property name="handled" value="{}"/>'


@pytest.fixture
def flow_of(network):
    network.down("http://one/", "http://two/", "ws://one/")

    async def run(main, **sequences):
        ctx = message(
            main=f'{main}<property name="after" value="yes"/>',
            fault='<property name="fault" value="ran"/>',
            **sequences,
        )
        outcome = run_leg(NamedSequence("main", "main").mediate, ctx, NamedSequence("fault", "fault"))
        if not isinstance(outcome, bool):
            await outcome
        return ctx

    return run


@pytest.mark.parametrize("mediator", ["send", "call"])
@pytest.mark.parametrize("uri", ["http://one/", "ws://one/"])
async def test_the_sequence_runs_instead_of_the_fault_sequence_and_the_flow_ends(flow_of, mediator, uri):
    ctx = await flow_of(
        f'<{mediator}><endpoint onError="mine"><address uri="{uri}"/></endpoint></{mediator}>',
        mine=MARK.format("by mine"),
    )
    assert (ctx.get("handled"), ctx.get("fault"), ctx.get("after")) == ("by mine", None, None)
    assert ctx.get("ERROR_CODE") == 101503


async def test_what_fails_in_it_goes_to_the_fault_sequence(flow_of):
    ctx = await flow_of(
        '<send><endpoint onError="mine"><address uri="http://one/"/></endpoint></send>',
        mine='<throwError type="X" errorMessage="mine failed"/>',
    )
    assert (ctx.get("fault"), ctx.get("ERROR_MESSAGE")) == ("ran", "mine failed")


async def test_a_sequence_that_is_missing_leaves_the_fault_sequence(flow_of):
    ctx = await flow_of('<send><endpoint onError="gone"><address uri="http://one/"/></endpoint></send>')
    assert ctx.get("fault") == "ran"


async def test_in_a_group_the_others_come_first(flow_of, network):
    group = f'<send><endpoint onError="mine"><failover>{address("http://one/")}{address("http://two/")}</failover></endpoint></send>'
    ctx = await flow_of(group, mine=MARK.format("after all"))
    assert network.uris == ["http://one/", "http://two/"]
    assert ctx.get("handled") == "after all"
