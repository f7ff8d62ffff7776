"""Messages that Python classes find."""

import threading

import pytest

from mediation.compiler import compile_artifact
from mediation.jobs.polling import PollingJob
from mediation.payloads.xml import SYNAPSE_NS, parse_xml
from mediation.stores import thaw
from mediation.stores.queues import QUEUES
from tests.mediation.jobs.support import at_work, runtime, store
from tests.mediation.support import until


class Waiting:
    def __init__(self, parameters):
        self.text = parameters["text"]

    async def poll(self, inject):
        assert await inject(self.text, headers={"X-A": "1"}, properties={"colour": "red"})


class Blocking:
    outcomes: list[object] = []

    def __init__(self, parameters):
        pass

    def poll(self, inject):
        self.outcomes.append((threading.current_thread() is threading.main_thread(), inject(b"<a/>", "text/xml")))


class Failing:
    def __init__(self, parameters):
        pass

    def poll(self, inject):
        raise ValueError("no")


def inbound(cls: str, more: str = "") -> str:
    return f"""<inboundEndpoint xmlns="{SYNAPSE_NS}" name="C" class="{__name__}.{cls}" sequence="go" onError="failed">
        <parameters><parameter name="interval">5</parameter><parameter name="text">hello</parameter>{more}</parameters>
        </inboundEndpoint>"""


def job(cls: str, sequence: str = '<store messageStore="S"/>', more: str = "") -> PollingJob:
    engine = runtime(inbound(cls, more), store(), go=sequence, failed='<log level="custom"/>')
    return PollingJob(engine.environment.deployed("inboundEndpoint")["C"], engine)


@pytest.mark.parametrize("more", ["", '<parameter name="sequential">false</parameter>'])
async def test_what_is_injected_runs_through_the_sequence(more):
    async with at_work(job("Waiting", more=more)):
        await until(lambda: len(QUEUES.memory("S")) >= 2)
    message = thaw((await QUEUES.memory("S").take(1))[0].record, None, None)
    assert (message.payload.raw, message.headers.get("X-A"), message.get("colour")) == (b"hello", "1", "red")
    assert message.get("inbound.endpoint.name") == "C"


@pytest.mark.parametrize(("sequence", "succeeded"), [("<drop/>", True), ('<sequence key="missing"/>', False)])
async def test_a_class_that_blocks_runs_in_a_thread_and_learns_what_came_of_it(sequence, succeeded):
    Blocking.outcomes.clear()
    async with at_work(job("Blocking", sequence)):
        await until(lambda: Blocking.outcomes)
    assert Blocking.outcomes[0] == (False, succeeded)


async def test_a_class_that_fails_is_asked_again():
    async with at_work(job("Failing")) as lease:
        await until(lambda: lease.news.failures > 1)
    assert lease.news.reason == "ValueError: no"


def test_a_java_class_is_not_runnable():
    xml = inbound("Waiting").replace(f"{__name__}.Waiting", "org.acme.Consumer")
    [finding] = compile_artifact(parse_xml(xml)).not_runnable
    assert finding.message.startswith("an inbound endpoint of the class org.acme.Consumer is kept, but cannot run")
