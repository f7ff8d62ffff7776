"""What serving processes tell of themselves: run-time data only, nothing that a person made."""

from __future__ import annotations

from django.db import models


class ServingProcess(models.Model):
    """
    One process that serves traffic. It writes its row itself, and deletes it when it stops.

    A row with an old :attr:`heartbeat` is of a process that died; see :mod:`mediation.monitoring.processes`.
    """

    class State(models.TextChoices):
        SERVING = "serving"
        DRAINING = "draining"

    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    generation = models.PositiveBigIntegerField(help_text="The generation of the configuration that it serves.")
    state = models.CharField(max_length=16, choices=State.choices, default=State.SERVING)
    started = models.DateTimeField()
    heartbeat = models.DateTimeField()
    reset_wanted = models.BooleanField(
        default=False, help_text="Set by reset_runtime; the process obeys and clears it."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["host", "pid"], name="one_row_per_process")]
        verbose_name_plural = "serving processes"

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"


class PortStatus(models.Model):
    """One port that a process has open, or wants open."""

    class State(models.TextChoices):
        OPEN = "open"
        FAULTY = "faulty"

    process = models.ForeignKey(ServingProcess, models.CASCADE, related_name="ports")
    artifact = models.CharField(
        max_length=255, help_text="The inbound endpoint's name; empty for the ports of proxy services."
    )
    protocol = models.CharField(max_length=8)
    port = models.PositiveIntegerField()
    state = models.CharField(max_length=16, choices=State.choices)
    reason = models.TextField(blank=True, help_text="Why the port is not open, or what is wrong with it.")
    connections = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["port"]
        verbose_name_plural = "port statuses"

    def __str__(self) -> str:
        return f"{self.protocol} {self.port} {self.state}"
