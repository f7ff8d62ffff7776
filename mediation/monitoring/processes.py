"""The rows that serving processes write of themselves."""

from __future__ import annotations

import os
import socket
from dataclasses import asdict
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from mediation.models import EndpointStatus, PortStatus, ScheduledJob, ServingProcess

from .status import EndpointState, PortState, Status

HEARTBEAT_SECONDS: Final = 5.0
DEAD_AFTER_SECONDS: Final = 20.0


def live_processes() -> list[ServingProcess]:
    """Those with a fresh heartbeat; of this host, only those whose process is still there."""
    fresh = timezone.now() - timedelta(seconds=DEAD_AFTER_SECONDS)
    rows = ServingProcess.objects.filter(heartbeat__gte=fresh).order_by("host", "pid")
    return [row for row in rows if row.host != socket.gethostname() or _exists(row.pid)]


def live_generations() -> dict[str, int]:
    """The generation that each live process serves, by ``host:pid``."""
    return {str(row): row.generation for row in live_processes()}


def ask_for_reset() -> list[str]:
    """Have every live process forget what it learned at run time; answers their names."""
    processes = live_processes()
    ServingProcess.objects.filter(pk__in=[row.pk for row in processes]).update(reset_wanted=True)
    # As if each had just been deployed: active, or not, as its configuration says.
    ScheduledJob.objects.update(fingerprint="")
    return [str(row) for row in processes]


class Reporter:
    """Keeps the rows of one process. Used from one thread."""

    def __init__(self) -> None:
        self._row: ServingProcess | None = None
        self._last: Status | None = None

    def report(self, status: Status) -> None:
        """Write what changed, and the heartbeat when it is due."""
        now = timezone.now()
        row = self._row
        due = row is None or (now - row.heartbeat).total_seconds() >= HEARTBEAT_SECONDS
        if status == self._last and not due:
            return
        with transaction.atomic():
            self._row = self._write_process(status)
            if self._last is None or status.ports != self._last.ports:
                self._write_ports(self._row, status.ports)
            if self._last is None or status.endpoints != self._last.endpoints:
                self._write_endpoints(self._row, status.endpoints)
            if row is None:
                _forget_dead()
        self._last = status

    def take_reset(self) -> bool:
        """Whether ``reset_runtime`` was called since this was last asked."""
        if self._row is None:
            return False
        wanted = ServingProcess.objects.filter(pk=self._row.pk, reset_wanted=True)
        return wanted.exists() and bool(wanted.update(reset_wanted=False))

    def withdraw(self) -> None:
        """Delete the rows: the process stops."""
        if self._row is not None:
            self._row.delete()
        self._row = self._last = None

    @staticmethod
    def _write_process(status: Status) -> ServingProcess:
        state = ServingProcess.State.DRAINING if status.draining else ServingProcess.State.SERVING
        # The row may be gone: somebody deleted it, or restored a backup.
        row, _ = ServingProcess.objects.update_or_create(
            host=status.host,
            pid=status.pid,
            defaults={
                "generation": status.generation,
                "state": state,
                "started": status.started,
                "heartbeat": timezone.now(),
            },
        )
        return row

    @staticmethod
    def _write_ports(row: ServingProcess, ports: tuple[PortState, ...]) -> None:
        PortStatus.objects.filter(process=row).delete()
        PortStatus.objects.bulk_create(
            PortStatus(
                process=row,
                artifact=port.artifact,
                protocol=port.protocol,
                port=port.port,
                state=PortStatus.State.FAULTY if port.reason else PortStatus.State.OPEN,
                reason=port.reason or port.trouble,
                connections=port.connections,
            )
            for port in ports
        )

    @staticmethod
    def _write_endpoints(row: ServingProcess, endpoints: tuple[EndpointState, ...]) -> None:
        EndpointStatus.objects.filter(process=row).delete()
        EndpointStatus.objects.bulk_create(EndpointStatus(process=row, **asdict(endpoint)) for endpoint in endpoints)


def _forget_dead() -> None:
    """Processes that were killed could not delete their rows."""
    living = [row.pk for row in live_processes()]
    ServingProcess.objects.exclude(pk__in=living).delete()


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it is somebody else's
        pass
    return True
