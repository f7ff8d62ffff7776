"""``<dynamicLoadbalance>``: the list that stands in for a cluster."""

import pytest

from mediation.errors import NoEndpointReady

from .support import answer, endpoint, message

XML = """<dynamicLoadbalance failover="true" algorithm="org.apache.synapse.endpoints.algorithms.RoundRobin">
    <membershipHandler class="org.apache.synapse.core.axis2.Axis2LoadBalanceMembershipHandler">
        <property name="applicationDomain" value="shop"/></membershipHandler></dynamicLoadbalance>"""


def listing(text):
    ctx = message(f'<localEntry key="shop">{text}</localEntry>')
    ctx.to = "/services/Stock"
    return ctx


async def test_members_of_the_list_take_turns(network):
    target, ctx = endpoint(XML), listing("one:9001, two:9002:9444\n[::1]:9003")
    assert [await answer(target, ctx) for _ in range(3)] == [
        "http://one:9001/services/Stock",
        "http://two:9002/services/Stock",
        "http://[::1]:9003/services/Stock",
    ]
    assert [leaf.address_text for leaf in target.leaves()] == ["one:9001", "two:9002", "[::1]:9003"]


async def test_a_change_of_the_list_counts_for_the_next_message(network):
    target = endpoint(XML)
    await answer(target, listing("one:9001"))
    assert await answer(target, listing("two:9002")) == "http://two:9002/services/Stock"


async def test_one_that_is_down_is_left_out(network):
    target, ctx = endpoint(XML), listing("one:9001 two:9002")
    network.down("http://one:9001/services/Stock")
    assert await answer(target, ctx) == "http://two:9002/services/Stock"


@pytest.mark.parametrize("text", ["", "one", "one:port", "http://one:9001"])
def test_a_list_that_is_none_is_303000(network, text):
    target, ctx = endpoint(XML), listing(text)
    assert not target.is_ready(ctx)
    with pytest.raises(NoEndpointReady, match="the local entry shop") as failure:
        target.send(ctx)
    assert failure.value.code == 303000


def test_without_a_list_there_is_no_member(network):
    with pytest.raises(NoEndpointReady, match="no local entry shop lists its members"):
        endpoint(XML).send(message())


def test_without_a_domain_it_is_a_mistake():
    with pytest.raises(AssertionError, match="<dynamicLoadbalance> needs a <membershipHandler>"):
        endpoint("<dynamicLoadbalance/>")
