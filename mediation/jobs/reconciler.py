"""Starts and stops jobs as the configuration says."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import TYPE_CHECKING, Final

from mediation.detached import SequenceFlow
from mediation.message_processor import SAMPLING, MessageProcessor
from mediation.polled_files import PolledFiles
from mediation.polling_inbound import ClassInboundEndpoint, FileInboundEndpoint, PollingInboundEndpoint
from mediation.properties import INBOUND_ENDPOINT_NAME, IS_INBOUND, PROXY_NAME, TRANSPORT_IN_NAME
from mediation.proxy_service import FILES, ProxyService
from mediation.stores import MessageStore
from mediation.task import Task

from .files import FileJob
from .forwarding import Forwarder
from .injecting import TaskJob
from .job import fingerprint
from .leases import Claim, Key, Lease, Leases
from .polling import PollingJob
from .sampling import Sampler

if TYPE_CHECKING:
    from mediation.environment import Environment
    from mediation.jobs.job import Job
    from mediation.runtime import Runtime

logger = logging.getLogger(__name__)

FAILED_SECONDS: Final = 1.0
"""After which a job that failed begins again."""

LAST_WORDS_SECONDS: Final = 1.0

Make = Callable[[], "Job"]


class Jobs:
    """
    The jobs of a process: those that did not change go on, others end after the message in hand and begin anew.

    Lives on one event loop.

    Args:
        leases: by default those in the database.
    """

    def __init__(self, runtime: Runtime, leases: Leases | None = None) -> None:
        self._runtime = runtime
        self._leases = leases or Leases()
        self._running: dict[Key, _Running] = {}
        self._ending: dict[asyncio.Task[None], Key] = {}

    def __len__(self) -> int:
        return len(self._running)

    def reconcile(self, environment: Environment) -> None:
        """Make the jobs those of this configuration. Does not wait for the end of those that are none any more."""
        wanted = {key: (terms, make) for key, terms, make in self._wanted(environment)}
        for key in [key for key in self._running if key not in wanted]:
            self._end(self._running.pop(key), gone=True)
        for key, (terms, make) in wanted.items():
            running = self._running.get(key)
            if running is not None:
                if running.terms == terms:
                    continue
                self._end(running)
            before = [task for task, ending in self._ending.items() if ending == key]
            self._running[key] = _Running(key, terms, make, self._leases, before)

    def _end(self, running: _Running, *, gone: bool = False) -> None:
        running.stop(gone=gone)
        self._ending[running.task] = running.key
        running.task.add_done_callback(self._ending.pop)

    async def close(self, limit: float) -> None:
        """End all after the message in hand, within ``limit`` seconds, and let other processes have them."""
        for running in self._running.values():
            self._end(running)
        self._running.clear()
        ending = list(self._ending)
        if ending:
            _, late = await asyncio.wait(ending, timeout=limit)
            for task in late:
                logger.warning("{%s} stopped before it was done", task.get_name())
                task.cancel()
            await asyncio.wait(ending, timeout=LAST_WORDS_SECONDS)
        await self._leases.close()

    def _wanted(self, environment: Environment) -> Iterator[tuple[Key, object, Make]]:
        """Each job with what it is made of: as long as that is the same, the job goes on."""
        runtime = self._runtime
        task: Task
        for name, task in environment.deployed("task").items():
            yield ("task", name), task, partial(TaskJob, task, runtime)
        stores = environment.deployed("messageStore")
        processor: MessageProcessor
        for name, processor in environment.deployed("messageProcessor").items():
            store: MessageStore | None = stores.get(processor.store)
            if store is None:
                logger.warning("message processor %s waits for the message store %s", name, processor.store)
                continue
            cls = Sampler if processor.does == SAMPLING else Forwarder
            yield ("messageProcessor", name), (processor, store), partial(cls, processor, store, runtime)
        for name, inbound in environment.deployed("inboundEndpoint").items():
            if isinstance(inbound, PollingInboundEndpoint) and not inbound.suspended:
                yield ("inboundEndpoint", name), inbound, partial(_poller, inbound, runtime)
        proxy: ProxyService
        for name, proxy in environment.deployed("proxy").items():
            if proxy.files is not None and proxy.start_on_load:
                yield ("proxy", name), proxy, partial(_proxy_files, proxy, proxy.files, runtime)


def _poller(inbound: PollingInboundEndpoint, runtime: Runtime) -> Job:
    if isinstance(inbound, ClassInboundEndpoint):
        return PollingJob(inbound, runtime)
    assert isinstance(inbound, FileInboundEndpoint)
    claim = Claim(
        ("inboundEndpoint", inbound.name),
        fingerprint(inbound.sequence, inbound.parameters),
        exclusive=inbound.coordination,
    )
    flow = SequenceFlow(f"inboundendpoint:{inbound.name}", inbound.sequence or "main", inbound.on_error)
    properties = {IS_INBOUND: True, INBOUND_ENDPOINT_NAME: inbound.name}
    return FileJob(claim, inbound.files, inbound.trigger, flow, properties, runtime)


def _proxy_files(proxy: ProxyService, polled: PolledFiles, runtime: Runtime) -> Job:
    claim = Claim(("proxy", proxy.name), fingerprint(polled.texts))
    properties = {PROXY_NAME: proxy.name, TRANSPORT_IN_NAME: FILES}
    return FileJob(claim, polled.files, polled.interval, proxy, properties, runtime, proxy.wrapper)


class _Running:
    """
    A job and its task.

    Args:
        before: earlier versions that have not ended; two are never at work together.
    """

    def __init__(
        self, key: Key, terms: object, make: Make, leases: Leases, before: Collection[asyncio.Task[None]]
    ) -> None:
        self.key = key
        self.terms = terms
        self._make = make
        self._leases = leases
        self._before = before
        self._lease: Lease | None = None
        self._working = False
        self._stopping = False
        self._gone = False
        self.task = asyncio.get_running_loop().create_task(self._run(), name=":".join(key))

    def stop(self, *, gone: bool = False) -> None:
        """
        End after the message in hand.

        Args:
            gone: the job is no longer deployed.
        """
        self._stopping = True
        self._gone = gone
        if self._lease is not None:
            self._lease.close()
        if not self._working:
            self.task.cancel()

    async def _run(self) -> None:
        if self._before:
            await asyncio.wait(self._before)
        job = self._make()
        self._lease = lease = self._leases.add(job.claim)
        try:
            while not self._stopping:
                await lease.granted()
                self._working = True
                await self._work(job, lease)
                self._working = False
                await lease.ended()
        finally:
            await self._leases.give_back([lease], forget=self._gone)

    async def _work(self, job: Job, lease: Lease) -> None:
        """Until the lease is over, or there is nothing to do any more."""
        while not lease.over:
            try:
                return await job.work(lease)
            except Exception as exc:
                logger.exception("{%s} failed, and begins again", self.task.get_name())
                lease.handled(f"{type(exc).__name__}: {exc}")
                await lease.pause(FAILED_SECONDS)
