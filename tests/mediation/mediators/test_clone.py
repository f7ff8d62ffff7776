from __future__ import annotations

import pytest

from mediation.errors import MediationError, SequenceNotFound
from mediation.payloads.xml import SYNAPSE_NS
from tests.mediation.support import compiled

from .support import mediator, message, mistakes, with_client

FAULT = compiled(f'<sequence xmlns="{SYNAPSE_NS}" name="fault"><respond/></sequence>')


def mark(value: str) -> str:
    return f'<property name="mark" value="{value}"/>'


def target(inside: str, attributes: str = "") -> str:
    return f"<target {attributes}><sequence>{inside}</sequence></target>"


@pytest.fixture
def ctx():
    ctx = message("<a/>", "application/xml")
    with_client(ctx)
    return ctx


def marks(ctx) -> list[str]:
    return [reply.get("mark") for reply in ctx.client.replies]


async def test_each_target_gets_a_copy(ctx):
    clone = mediator(f"<clone>{target(mark('one') + '<respond/>')}{target(mark('two') + '<respond/>')}</clone>")

    assert clone.mediate(ctx) is False
    assert marks(ctx) == ["one", "two"]
    assert ctx.client.bodies == ["<a/>", "<a/>"]
    assert ctx.get("mark") is None


async def test_the_parent_goes_on_if_it_is_told_to(ctx):
    assert mediator(f'<clone continueParent="true">{target("<drop/>")}</clone>').mediate(ctx) is True


async def test_copies_know_their_number_and_their_parent(ctx):
    mediator(f'<clone id="x">{target("<respond/>") * 2}</clone>').mediate(ctx)

    first, second = ctx.client.replies
    assert (first.get("messageSequence.x"), second.get("messageSequence.x")) == ("0/2", "1/2")
    assert first.get("aggregateCorelation.x") == second.get("aggregateCorelation.x") == ctx.message_id
    assert [reply.get("CLONED_ITERATION_INDEX") for reply in (first, second, ctx)] == [1, 2, 2]
    assert len({first.message_id, second.message_id, ctx.message_id}) == 3


async def test_without_an_id_the_names_have_none(ctx):
    mediator(f"<clone>{target('<respond/>')}</clone>").mediate(ctx)

    assert ctx.client.replies[0].get("messageSequence") == "0/1"
    assert ctx.client.replies[0].get("aggregateCorelation") == ctx.message_id


@pytest.mark.parametrize(
    ("iterations", "copies"), [("3", 3), ("{$ctx:n}", 2), ("{count(//a)}", 1), ("0", 0), ("-1", 0)]
)
async def test_iterations_are_copies_for_one_target(ctx, iterations, copies):
    ctx.set("n", "2")

    mediator(f'<clone iterations="{iterations}">{target("<respond/>")}</clone>').mediate(ctx)

    assert len(ctx.client.replies) == copies


@pytest.mark.parametrize("iterations", ["many", "{$ctx:nothing}", "100001", "1e400"])
async def test_iterations_are_a_number_within_bounds(ctx, iterations):
    with pytest.raises(MediationError, match="clone: "):
        mediator(f'<clone iterations="{iterations}">{target("<respond/>")}</clone>').mediate(ctx)


def test_iterations_take_one_target():
    assert mistakes(f'<clone iterations="2">{target("<drop/>") * 2}</clone>') == [
        "<clone> with iterations takes one target"
    ]


def test_a_clone_needs_a_target():
    assert mistakes("<clone/>") == ["<clone> needs a child <target>"]


@pytest.mark.parametrize("sequential", ["true", "false"])
async def test_what_fails_in_a_copy_stays_there(ctx, sequential):
    ctx.fault_handlers = (FAULT,)
    targets = target(mark("failed") + '<sequence key="nowhere"/>') + target(mark("fine") + "<respond/>")

    assert mediator(f'<clone sequential="{sequential}">{targets}</clone>').mediate(ctx) is False

    assert marks(ctx) == ["failed", "fine"]
    assert ctx.client.replies[0].get("ERROR_MESSAGE") == "Sequence named nowhere cannot be found"
    assert ctx.get("ERROR_MESSAGE") is None


async def test_a_failure_can_stop_the_copies_after_it(ctx):
    ctx.fault_handlers = (FAULT,)
    ctx.set("STOP_TARGET_EXECUTION_ON_FAILURE", "true")
    targets = target('<sequence key="nowhere"/>') + target(mark("after") + "<respond/>")

    mediator(f'<clone sequential="true">{targets}</clone>').mediate(ctx)

    assert marks(ctx) == [None]


async def test_what_no_handler_deals_with_is_dropped(ctx, caplog):
    fails = target('<throwError type="X" errorMessage="oh"/>')

    mediator(f"<clone>{fails}</clone>").mediate(ctx)

    assert any("no fault handler found - message dropped: oh" in line for line in caplog.messages)


# -- targets


async def test_a_target_may_name_a_sequence():
    ctx = message("<a/>", "application/xml", f'<sequence xmlns="{SYNAPSE_NS}" name="s"><respond/></sequence>')
    client = with_client(ctx)

    mediator('<clone><target sequence="s"/></clone>').mediate(ctx)

    assert client.bodies == ["<a/>"]


async def test_a_sequence_inside_goes_before_one_that_is_named(ctx):
    inside = target(mark("inside") + "<respond/>", 'sequence="anon"')

    mediator(f"<clone>{inside}</clone>").mediate(ctx)

    assert marks(ctx) == ["inside"]


async def test_a_sequence_that_is_not_deployed_is_a_failure(ctx):
    with pytest.raises(SequenceNotFound):
        mediator('<clone><target sequence="s"/></clone>').targets[0].mediate(ctx)


async def test_a_target_may_set_addresses(ctx):
    addressed = target("<respond/>", 'to="http://x/y" soapAction="urn:do"')

    mediator(f"<clone>{addressed}</clone>").targets[0].mediate(ctx)

    assert ctx.action == "urn:do"
    assert ctx.headers.get("SOAPAction") == '"urn:do"'


async def test_a_target_without_a_sequence_or_endpoint_does_nothing(ctx):
    assert mediator('<clone><target to="http://x/y"/></clone>').targets[0].mediate(ctx) is True
    assert ctx.to == "http://x/y"


async def test_a_target_may_name_an_endpoint(ctx):
    ctx.fault_handlers = (FAULT,)

    mediator('<clone><target endpoint="e"/></clone>').mediate(ctx)

    assert ctx.client.replies[0].get("ERROR_MESSAGE") == "Couldn't find the endpoint with the key : e"
