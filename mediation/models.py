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


class EndpointStatus(models.Model):
    """An endpoint that does not take messages in a process, or is tried for the last times."""

    process = models.ForeignKey(ServingProcess, models.CASCADE, related_name="endpoints")
    artifact = models.CharField(max_length=255, help_text="The name of the endpoint that is deployed.")
    endpoint = models.CharField(max_length=255, help_text="The endpoint in it that this is about.")
    address = models.TextField(blank=True)
    state = models.CharField(max_length=16)
    retry_at = models.DateTimeField(null=True, help_text="When a message is sent there again.")

    class Meta:
        ordering = ["artifact", "endpoint"]
        verbose_name_plural = "endpoint statuses"

    def __str__(self) -> str:
        return f"{self.artifact} {self.endpoint} {self.state}"


class EndpointSwitch(models.Model):
    """What people want of an endpoint; every process obeys. See :mod:`mediation.monitoring.endpoints`."""

    name = models.CharField(max_length=255, unique=True)
    off = models.BooleanField(default=False, help_text="No message is sent there.")
    activations = models.PositiveIntegerField(default=0, help_text="How many times it was activated.")

    class Meta:
        verbose_name_plural = "endpoint switches"

    def __str__(self) -> str:
        return f"{self.name} {'off' if self.off else 'on'}"


class ScheduledJob(models.Model):
    """
    A task, message processor or polling inbound endpoint: whether it may work, and which process does the work.

    The process that holds the lease (:attr:`holder` until :attr:`expires`) is the only one that works, so what several
    processes serve happens once. See :mod:`mediation.jobs.leases`.
    """

    class Kind(models.TextChoices):
        TASK = "task", "task"
        PROCESSOR = "messageProcessor", "message processor"
        POLLER = "inboundEndpoint", "inbound endpoint"
        PROXY = "proxy", "proxy service"

    kind = models.CharField(max_length=32, choices=Kind.choices)
    name = models.CharField(max_length=255)
    active = models.BooleanField(default=True, help_text="Whether it works; the actions of the list change that.")
    reason = models.TextField(blank=True, help_text="Why it was deactivated, or what failed last.")
    works_on = models.CharField(
        max_length=300, blank=True, editable=False, help_text="What only one job works on at a time, such as a store."
    )
    fingerprint = models.CharField(
        max_length=64, blank=True, editable=False, help_text="Of the configuration that the state belongs to."
    )
    holder = models.CharField(max_length=255, blank=True, help_text="The process that does the work.")
    expires = models.DateTimeField(null=True, help_text="When another process may take the work over.")
    runs = models.PositiveBigIntegerField(default=0, help_text="Messages that were handled.")
    failures = models.PositiveBigIntegerField(default=0, help_text="Attempts that failed.")
    last_run = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "name"], name="one_row_per_job")]
        ordering = ["kind", "name"]

    def __str__(self) -> str:
        return f"{self.Kind(self.kind).label} {self.name}"

    @property
    def process(self) -> str:
        """Host and process id of the holder; empty if there is none."""
        return str(self.holder).rpartition(":")[0]


class StoredMessage(models.Model):
    """
    A message that a message store keeps.

    What is here was accepted: it is deleted when it has been delivered, and not before. Those that could not be
    delivered are :attr:`dead`, and wait for somebody to look at them.
    """

    store = models.CharField(max_length=255)
    message_id = models.CharField(max_length=255, help_text="MessageID of the message when it was stored.")
    stored = models.DateTimeField()
    head = models.TextField(help_text="Addresses, properties and headers, as JSON.")
    body = models.BinaryField()
    begun = models.BooleanField(default=False, help_text="Whether its delivery was begun, and perhaps not finished.")
    attempts = models.PositiveIntegerField(default=0, help_text="Deliveries that failed.")
    error = models.TextField(blank=True, help_text="Why the last delivery failed.")
    dead = models.BooleanField(default=False, help_text="Whether it was given up.")

    class Meta:
        indexes = [models.Index(fields=["store", "dead", "id"], name="oldest_of_a_store")]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.store} {self.message_id}"


class DeadLetter(StoredMessage):
    """A stored message that was given up after its last attempt."""

    class Meta:
        proxy = True
