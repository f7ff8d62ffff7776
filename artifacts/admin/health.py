"""The state of an artifact: what its row says, joined with what the serving processes say about it."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from artifacts.models import Artifact, Endpoint, InboundEndpoint, State
from mediation.models import EndpointStatus, PortStatus, ScheduledJob
from mediation.monitoring.processes import live_processes

from .secrets import mask_url

Level = Literal["ok", "warning", "error", "off"]

_GRAVEST = ("off", "suspended", "timeout")
_WORDS = {"off": "switched off", "suspended": "suspended", "timeout": "failing"}
"""What is told of an endpoint that is in several states at a time, and how."""

_SIGNS = {"ok": "✓", "warning": "!", "error": "✕", "off": "–"}


@dataclass(frozen=True, slots=True)
class Health:
    """A word, how grave it is, and why."""

    level: Level
    state: str
    reason: str = ""

    def badge(self) -> SafeString:
        """The word with a sign before it: it is not told by colour alone."""
        return badge(self.level, self.state)


def badge(level: Level, text: str) -> SafeString:
    return format_html(
        '<span class="esb-badge esb-{}"><span aria-hidden="true">{}</span> {}</span>', level, _SIGNS[level], text
    )


def _job(job: ScheduledJob) -> Health:
    if not job.active:
        return Health("warning", "deactivated", job.reason)
    if job.reason:
        return Health("warning", "deployed", f"failed last: {job.reason}")
    return Health("ok", "deployed", f"works in {job.process}" if job.holder else "")


class Serving:
    """The processes that serve now, and their ports. Made once for each page."""

    def __init__(self) -> None:
        self.processes = live_processes()
        self.ports: dict[str, list[PortStatus]] = defaultdict(list)
        """By the inbound endpoint's name; under an empty name those of proxy services."""
        live = [row.pk for row in self.processes]
        for port in PortStatus.objects.filter(process__in=live).select_related("process"):
            self.ports[port.artifact].append(port)
        self.endpoints: dict[str, list[EndpointStatus]] = defaultdict(list)
        """By name, those endpoints that are not active somewhere."""
        for status in EndpointStatus.objects.filter(process__in=live).select_related("process"):
            self.endpoints[status.artifact].append(status)

        self.jobs = {(job.kind, job.name): job for job in ScheduledJob.objects.all()}
        """Of tasks, message processors, and endpoints that look for messages themselves."""

    def health(self, row: Artifact) -> Health:
        match row.state:
            case State.DEPLOYED:
                return self._deployed(row)
            case State.SUSPENDED:
                return Health("off", "suspended")
            case State.FAULTY_SERVING_OLDER:
                return Health("error", f"faulty, serving version {row.serving_version}", row.reason)
            case State.NOT_RUNNABLE:
                return Health("warning", "not runnable", row.reason)
            case _:
                return Health("error", "faulty", row.reason)

    def _deployed(self, row: Artifact) -> Health:
        if isinstance(row, Endpoint):
            return self._endpoint(row)
        job = self.jobs.get((row.kind, row.name))
        if job is not None:
            return _job(job)
        if not isinstance(row, InboundEndpoint) or row.listening_port is None:
            return Health("ok", "deployed")
        ports = self.ports[row.name]
        closed = [port for port in ports if port.state == PortStatus.State.FAULTY]
        if closed:
            where = f" in {len(closed)} of {len(ports)} processes" if len(ports) > 1 else ""
            return Health("error", "faulty", f"port {closed[0].port} is not open{where}: {closed[0].reason}")
        if ports:
            connections = sum(port.connections for port in ports)
            processes = f" in {len(ports)} processes" if len(ports) > 1 else ""
            troubled = next((port for port in ports if port.reason), None)
            if troubled:
                return Health("warning", "deployed", f"open{processes}, {connections} connected; {troubled.reason}")
            return Health("ok", "deployed", f"open{processes}, {connections} connected")
        if self.processes:
            return Health("warning", "deployed", "its port is about to be opened")
        return Health("ok", "deployed", "no process is serving")

    def _endpoint(self, row: Endpoint) -> Health:
        statuses = self.endpoints[row.name]
        if not statuses:
            return Health("ok", "deployed")
        state = next(state for state in _GRAVEST if any(status.state == state for status in statuses))
        told = []
        for status in statuses:
            where = f" in {status.process}" if len(self.processes) > 1 else ""
            until = f", next try {timezone.localtime(status.retry_at):%H:%M:%S}" if status.retry_at else ""
            # Endpoints inside of others have the name of those, or none.
            told.append(f"{mask_url(status.address) or status.endpoint} is {status.state}{where}{until}")
        return Health("off" if state == "off" else "warning", _WORDS[state], "; ".join(told))
