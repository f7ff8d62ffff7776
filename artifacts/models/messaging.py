"""Message stores, what takes messages out of them, and tasks that make messages."""

from django.db import models

from .base import Artifact


class MessageStore(Artifact):
    """Where messages wait."""

    kind = "messageStore"

    store_class = models.CharField(
        "class", max_length=255, blank=True, help_text="Empty for one in the server's database."
    )

    class Meta(Artifact.Meta):
        verbose_name = "message store"


class MessageProcessor(Artifact):
    """Takes messages from a store, and sends or mediates them."""

    kind = "messageProcessor"

    processor_class = models.CharField("class", max_length=255, blank=True)
    message_store = models.CharField("messageStore", max_length=255, blank=True)
    target_endpoint = models.CharField("targetEndpoint", max_length=255, blank=True)

    class Meta(Artifact.Meta):
        verbose_name = "message processor"


class Task(Artifact):
    """Runs by the clock."""

    kind = "task"

    task_class = models.CharField("class", max_length=255, blank=True)
    interval = models.CharField(max_length=64, blank=True, help_text="Seconds from one run to the next.")
    count = models.CharField(max_length=64, blank=True, help_text="How often it runs; -1 or empty for ever.")
    cron = models.CharField(max_length=255, blank=True, help_text="In place of an interval, such as 0 0/5 * * * ?")
    once = models.CharField(max_length=16, blank=True, help_text="true to run once, at the start.")

    class Meta(Artifact.Meta):
        pass
