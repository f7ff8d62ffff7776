"""Tasks at work."""

import asyncio
import threading

from mediation.jobs.injecting import TaskJob
from mediation.stores import thaw
from mediation.stores.queues import QUEUES
from mediation.task import PythonTask
from tests.mediation.jobs.support import answers, at_work, runtime, store
from tests.mediation.support import until
from tests.mediation.test_task import prop, task

KEEP = '<store messageStore="S"/>'
SEND = '<send{receive}><endpoint><http uri-template="http://back-end/" method="post"/></endpoint></send>'


def job(trigger: str, *properties: str, artifacts: tuple[str, ...] = (), cls: str = "", **sequences: str) -> TaskJob:
    message = '<property name="message"><a/></property>'
    attributes = f'class="{cls}"' if cls else ""
    xml = task(trigger, message + "".join(properties), attributes)
    engine = runtime(xml, store(), *artifacts, **sequences)
    return TaskJob(engine.environment.deployed("task")["T"], engine)


async def kept() -> int:
    return len(QUEUES.memory("S"))


async def test_a_task_injects_as_often_as_it_should():
    work = job('<trigger once="true"/>', main=KEEP)
    async with at_work(work) as lease:
        await until(lambda: lease.news.runs)
    assert await kept() == 1


async def test_the_named_sequence_and_its_receiving_sequence_run(back_end):
    back_end.answer = answers(200, b"<b/>")
    work = job(
        '<trigger once="true"/>',
        prop("injectTo", "sequence"),
        prop("sequenceName", "go"),
        go=SEND.format(receive=' receive="back"'),
        back=KEEP,
    )
    async with at_work(work):
        await until(lambda: len(QUEUES.memory("S")))
    [delivery] = await QUEUES.memory("S").take(1)
    assert thaw(delivery.record, None, None).is_response
    assert b"Envelope" in back_end.bodies[0]


async def test_a_proxy_service_runs_as_if_it_were_called(back_end):
    proxy = f"""<proxy xmlns="http://ws.apache.org/ns/synapse" name="P"><target>
        <inSequence>{SEND.format(receive="")}</inSequence><outSequence>{KEEP}</outSequence></target></proxy>"""
    back_end.answer = answers(200, b"<b/>")
    trigger = '<trigger once="true"/>'
    async with at_work(job(trigger, prop("injectTo", "proxy"), prop("proxyName", "P"), artifacts=(proxy,))):
        await until(lambda: len(QUEUES.memory("S")))
    [delivery] = await QUEUES.memory("S").take(1)
    assert thaw(delivery.record, None, None).get("proxy.name") == "P"


async def test_a_sequence_that_is_not_deployed_is_a_failure_and_the_task_goes_on():
    work = job('<trigger interval="1" count="1"/>', prop("injectTo", "sequence"), prop("sequenceName", "nowhere"))
    async with at_work(work) as lease:
        await until(lambda: lease.news.failures)
    assert lease.news.reason == "Sequence: nowhere not found"


async def test_a_reply_reaches_nobody_and_is_logged(caplog):
    async with at_work(job('<trigger once="true"/>', main="<respond/>")) as lease:
        await until(lambda: lease.news.runs)
    assert "{task:T} Inbound Response Sender not found" in caplog.text


async def test_a_failure_runs_the_fault_sequence_once():
    work = job('<trigger once="true"/>', main='<sequence key="missing"/>', fault=KEEP)
    async with at_work(work) as lease:
        await until(lambda: lease.news.runs)
    assert await kept() == 1
    assert lease.news.failures == 1


class Blocking:
    threads: list[str] = []

    def execute(self):
        self.threads.append(threading.current_thread().name)


class Waiting:
    executed = 0

    async def execute(self):
        await asyncio.sleep(0)
        type(self).executed += 1


class Failing:
    def execute(self):
        raise ValueError("no")


async def test_a_python_class_runs_in_a_thread_and_a_coroutine_on_the_loop():
    async with at_work(job('<trigger once="true"/>', cls=f"{__name__}.Blocking")) as lease:
        await until(lambda: lease.news.runs)
    async with at_work(job('<trigger once="true"/>', cls=f"{__name__}.Waiting")) as lease:
        await until(lambda: lease.news.runs)
    assert Blocking.threads[0] != threading.main_thread().name
    assert Waiting.executed == 1


async def test_a_python_class_that_fails_is_counted():
    work = job('<trigger once="true"/>', cls=f"{__name__}.Failing")
    assert isinstance(work._task.work, PythonTask)
    async with at_work(work) as lease:
        await until(lambda: lease.news.failures)
    assert lease.news.reason == "ValueError: no"
