"""How a list of mediators runs, waits, stops and fails."""

import asyncio

import pytest

from mediation import flow
from mediation.errors import MediationError, PayloadError
from mediation.message import MessageContext
from mediation.payloads.xml import SYNAPSE_NS

from .support import DictEnvironment


class Note:
    """A step that notes its name and answers what it is told to."""

    def __init__(self, name, answer=True):
        self.name = name
        self.answer = answer

    def mediate(self, ctx):
        ctx.properties.setdefault("notes", []).append(self.name)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Later(Note):
    """A step that answers after a turn of the loop."""

    def mediate(self, ctx):
        return self._later(ctx)

    async def _later(self, ctx):
        await asyncio.sleep(0)
        return super().mediate(ctx)


@pytest.fixture
def ctx():
    return MessageContext(DictEnvironment())


def notes(ctx):
    return ctx.get("notes")


def test_steps_that_do_not_wait_run_without_a_loop(ctx):
    assert flow.run([Note("a"), Note("b")], ctx) is True
    assert notes(ctx) == ["a", "b"]


def test_false_ends_the_flow(ctx):
    assert flow.run([Note("a", False), Note("b")], ctx) is False
    assert notes(ctx) == ["a"]


@pytest.mark.parametrize("answer", [1, "yes", None])
async def test_only_true_itself_goes_on(ctx, answer):
    async def waiting():
        return answer

    assert await flow.run([Note("a", waiting()), Note("b")], ctx) is False
    assert notes(ctx) == ["a"]


async def test_steps_after_one_that_waits_run_in_order(ctx):
    assert await flow.run([Note("a"), Later("b"), Note("c"), Later("d"), Note("e")], ctx) is True
    assert notes(ctx) == ["a", "b", "c", "d", "e"]


async def test_a_step_that_waits_may_end_the_flow(ctx):
    assert await flow.run([Later("a", False), Note("b")], ctx) is False
    assert await flow.run([Later("c"), Later("d", False), Note("e")], ctx) is False
    assert notes(ctx) == ["a", "c", "d"]


def guarded(steps, ctx, handler):
    return flow.guard(lambda ctx: flow.run(steps, ctx), ctx, handler)


def test_a_failure_runs_the_handler_and_ends_the_flow(ctx):
    assert guarded([Note("a", MediationError("no")), Note("b")], ctx, Note("fault")) is False
    assert notes(ctx) == ["a", "fault"]
    assert (ctx.get("ERROR_CODE"), ctx.get("ERROR_MESSAGE")) == (0, "no")


async def test_a_failure_after_waiting_does_the_same(ctx):
    assert await guarded([Later("a"), Later("b", PayloadError("bad"))], ctx, Later("fault")) is False
    assert notes(ctx) == ["a", "b", "fault"]
    assert (ctx.get("ERROR_CODE"), ctx.get("ERROR_MESSAGE")) == (601000, "bad")


def test_a_handler_that_fails_hands_over_to_the_next(ctx):
    inner = Note("inner", MediationError("worse"))
    assert flow.guard(lambda ctx: guarded([Note("a", PayloadError("bad"))], ctx, inner), ctx, Note("outer")) is False
    assert notes(ctx) == ["a", "inner", "outer"]
    assert ctx.get("ERROR_MESSAGE") == "bad", "a failure with a code is not hidden by a plain one"


def test_a_defect_is_a_fault_with_its_traceback_as_detail(ctx):
    guarded([Note("a", KeyError("x"))], ctx, Note("fault"))
    assert ctx.get("ERROR_CODE") == 0
    assert "Traceback" in ctx.get("ERROR_DETAIL")


def test_handlers_are_on_the_stack_while_the_body_runs_and_after_it_was_sent(ctx):
    handler = Note("fault")
    seen = []

    def body(answer):
        def run(ctx):
            seen.append(ctx.fault_handlers)
            return answer

        return run

    flow.guard(body(True), ctx, handler)
    assert ctx.fault_handlers == ()
    flow.guard(body(False), ctx, handler)
    assert ctx.fault_handlers == (handler,), "what was sent may fail later"
    assert seen == [(handler,), (handler,)]


def test_sequences_that_call_each_other_for_ever_fault():
    env = DictEnvironment(main='<sequence key="main"/>', fault="<drop/>")
    ctx = MessageContext(env)
    assert flow.run_leg(env.sequence("main").mediate, ctx, env.sequence("fault")) is False
    assert "does it call itself" in ctx.get("ERROR_MESSAGE")
    assert ctx.depth == 0


def test_fault_handlers_that_fail_for_ever_are_given_up(caplog):
    env = DictEnvironment(
        f'<sequence xmlns="{SYNAPSE_NS}" name="a" onError="a"><sequence key="b"/></sequence>',
        f'<sequence xmlns="{SYNAPSE_NS}" name="b" onError="a"><sequence key="nowhere"/></sequence>',
    )
    ctx = MessageContext(env)
    assert flow.run_leg(env.sequence("a").mediate, ctx, env.sequence("fault")) is False
    assert ctx.faults > flow.MAX_FAULTS
    assert "message dropped" in caplog.text


def test_nothing_climbs_out_of_a_leg(ctx, caplog):
    failing = Note("fault", MediationError("twice"))
    assert flow.run_leg(Note("a", MediationError("once")).mediate, ctx, failing) is False
    [record] = caplog.records
    assert "no fault handler found - message dropped: twice" in record.getMessage()
    assert record.exc_info is None
