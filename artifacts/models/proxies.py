"""Proxy services."""

from django.db import models

from .base import Artifact


class ProxyService(Artifact):
    """A service at ``/services/NAME``."""

    kind = "proxy"

    transports = models.CharField(max_length=255, blank=True, help_text="With commas in between; empty for all.")
    start_on_load = models.BooleanField("startOnLoad", default=True)
    in_sequence = models.CharField("inSequence", max_length=255, blank=True)
    out_sequence = models.CharField("outSequence", max_length=255, blank=True)
    fault_sequence = models.CharField("faultSequence", max_length=255, blank=True)
    endpoint = models.CharField(max_length=255, blank=True, help_text="Name of the target endpoint.")

    class Meta(Artifact.Meta):
        pass

    def is_suspended(self) -> bool:
        return not self.start_on_load
