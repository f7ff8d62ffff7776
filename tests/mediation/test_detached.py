"""Messages that came from nobody run through a flow with all that they set off, and tell what failed."""

from __future__ import annotations

from typing import Any

import pytest

from mediation import flow
from mediation.detached import DetachedClient, SequenceFlow
from mediation.errors import SequenceNotFound
from mediation.message import MessageContext
from mediation.payloads import Payload
from mediation.runtime import Runtime
from mediation.transports import TRANSPORTS, Answer
from tests.mediation.support import DictEnvironment

SEND = '<send><endpoint><address uri="http://back-end/"/></endpoint></send>'


class Echo:
    """A back-end that answers at once."""

    def __init__(self) -> None:
        self.asked = 0

    def send(self, ctx: MessageContext, uri: str, options: Any) -> Answer:
        self.asked += 1
        return Answer(Payload(f"{self.asked}", "text/plain"))


@pytest.fixture
def back_end(monkeypatch: pytest.MonkeyPatch) -> Echo:
    echo = Echo()
    monkeypatch.setitem(TRANSPORTS, "http", echo)
    return echo


class Detached:
    """A flow of the sequence ``work``, in an environment of sequences."""

    def __init__(self, on_error: str | None = None, **sequences: str) -> None:
        self.replies: list[str] = []
        self.runtime = Runtime(DictEnvironment(**sequences))
        work = SequenceFlow("task:t", "work", on_error)
        self.client = DetachedClient(self.runtime, work, lambda ctx: self.replies.append(ctx.payload.json_text()))
        self.ctx = MessageContext(self.runtime.environment, Payload("{}", "application/json"))

    async def run(self) -> Exception | None:
        return await self.client.mediate(self.ctx)


async def test_a_message_runs_through_the_sequence():
    detached = Detached(work='<property name="p" value="v"/><respond/>')
    assert await detached.run() is None
    assert detached.ctx.get("p") == "v"
    assert detached.replies == ["{}"]


async def test_a_reply_that_nobody_wants_is_told(caplog: pytest.LogCaptureFixture):
    runtime = Runtime(DictEnvironment(work="<respond/>"))
    await DetachedClient(runtime, SequenceFlow("task:t", "work")).mediate(MessageContext(runtime.environment))
    assert caplog.messages == [
        "{task:t} Inbound Response Sender not found - Inbound Endpoint may not support sending a response back"
    ]


async def test_a_sequence_that_is_not_deployed_fails_the_message():
    assert isinstance(await Detached().run(), SequenceNotFound)


@pytest.mark.parametrize(("on_error", "was"), [("mine", "mine"), (None, "fault")])
async def test_a_failure_runs_the_fault_sequence_and_is_told(on_error: str | None, was: str):
    sequences = {name: f'<property name="was" value="{name}"/>' for name in ("mine", "fault")}
    detached = Detached(on_error, work='<sequence key="nowhere"/>', **sequences)
    assert isinstance(await detached.run(), SequenceNotFound)
    assert detached.ctx.get("was") == was


async def test_a_failure_is_of_one_message(back_end: Echo):
    detached = Detached(work='<filter xpath="$ctx:bad"><then><sequence key="nowhere"/></then></filter>')
    detached.ctx.set("bad", "true")
    assert await detached.run() is not None
    detached.ctx = MessageContext(detached.runtime.environment)
    assert await detached.run() is None


async def test_an_answer_runs_through_main_before_the_message_has_ended(back_end: Echo):
    detached = Detached(work=SEND, main="<respond/>")
    assert await detached.run() is None
    assert back_end.asked == 1
    assert len(detached.replies) == 1


async def test_a_failing_answer_is_a_failure_of_the_message(back_end: Echo):
    assert isinstance(await Detached(work=SEND, main='<sequence key="nowhere"/>').run(), SequenceNotFound)


async def test_answers_do_not_set_off_answers_for_ever(back_end: Echo):
    failure = await Detached(work=SEND, main=SEND).run()
    assert failure is not None
    assert f"{flow.MAX_ANSWERS} answers of back-ends to one message of task:t" in str(failure)
    assert back_end.asked == flow.MAX_ANSWERS + 1
