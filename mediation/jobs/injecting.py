"""Tasks at work."""

from __future__ import annotations

import asyncio
import inspect
import logging
from typing import TYPE_CHECKING, Final

from mediation.detached import DetachedClient, Flow, SequenceFlow
from mediation.errors import EsbError, MediationError
from mediation.properties import PROXY_NAME
from mediation.task import MessageInjector, PythonTask, Task

from .job import fingerprint
from .leases import Claim

if TYPE_CHECKING:
    from mediation.environment import Environment
    from mediation.jobs.leases import Lease
    from mediation.runtime import Runtime

logger = logging.getLogger(__name__)

MAX_TOGETHER: Final = 100
"""Firings of one task that may be under way at a time, where the task does not wait for the end of each."""


class TaskJob:
    """
    Fires by its trigger. A firing whose time comes before the last one has ended waits for that, unless the task says
    ``isSequential`` ``false``.

    A task that has fired as often as it should keeps its lease: no other process begins anew.
    """

    def __init__(self, task: Task, runtime: Runtime) -> None:
        self._task = task
        self._runtime = runtime
        self._label = f"task:{task.name}"
        self._together: set[asyncio.Task[None]] = set()
        self.claim = Claim(("task", task.name), fingerprint(task), exclusive=task.coordinated)

    async def work(self, lease: Lease) -> None:
        instance = self._task.work.make() if isinstance(self._task.work, PythonTask) else None
        for wait in self._task.trigger.waits():
            if not await lease.pause(wait):
                break
            if isinstance(self._task.work, MessageInjector):
                await self._inject(self._task.work, lease)
            else:
                await self._execute(instance, lease)
        if self._together:
            await asyncio.wait(self._together)

    async def _inject(self, injector: MessageInjector, lease: Lease) -> None:
        if injector.sequential:
            await self._mediate(injector, lease)
            return
        if len(self._together) >= MAX_TOGETHER:
            await asyncio.wait(self._together, return_when=asyncio.FIRST_COMPLETED)
        firing = asyncio.get_running_loop().create_task(self._mediate(injector, lease), name=self._label)
        self._together.add(firing)
        firing.add_done_callback(self._together.discard)

    async def _mediate(self, injector: MessageInjector, lease: Lease) -> None:
        try:
            environment = self._runtime.environment
            ctx = injector.make(environment)
            flow = self._flow(injector, environment)
            if flow.name:
                ctx.properties[PROXY_NAME] = flow.name
            failure = await DetachedClient(self._runtime, flow).mediate(ctx)
        except EsbError as exc:
            logger.error("{%s} %s", self._label, exc)
            failure = exc
        lease.handled("" if failure is None else str(failure))

    def _flow(self, injector: MessageInjector, environment: Environment) -> Flow:
        """
        Raises:
            MediationError: it is not deployed.
        """
        if injector.target == "proxy":
            proxy = environment.proxy_service(injector.proxy or "")
            if proxy is None:
                raise MediationError(f"Proxy Service: {injector.proxy} not found")
            return proxy
        if injector.target == "sequence":
            if environment.sequence(injector.sequence or "") is None:
                raise MediationError(f"Sequence: {injector.sequence} not found")
            return SequenceFlow(self._label, injector.sequence or "")
        return SequenceFlow(self._label, "main")

    async def _execute(self, instance: object, lease: Lease) -> None:
        execute = instance.execute  # type: ignore[attr-defined]
        try:
            if inspect.iscoroutinefunction(execute):
                await execute()
            else:
                await asyncio.to_thread(execute)
        except Exception as exc:
            logger.exception("{%s} the task failed", self._label)
            lease.handled(f"{type(exc).__name__}: {exc}")
        else:
            lease.handled()
