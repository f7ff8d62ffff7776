"""What transports are configured with; the language has no XML for it, so this is no artifact."""

from django.db import models
from simple_history.models import HistoricalRecords


class TransportSender(models.Model):
    """The sending side of one URI scheme."""

    class Scheme(models.TextChoices):
        WS = "ws", "ws"
        WSS = "wss", "wss"
        HTTP = "http", "http"
        HTTPS = "https", "https"

    scheme = models.CharField(max_length=5, choices=Scheme.choices, unique=True)

    history = HistoricalRecords()

    class Meta:
        ordering = ("scheme",)

    def __str__(self) -> str:
        return self.scheme


class TransportParameter(models.Model):
    """A parameter of a transport sender, such as ``ws.outflow.dispatch.sequence``."""

    sender = models.ForeignKey(TransportSender, on_delete=models.CASCADE, related_name="parameters")
    name = models.CharField(max_length=255)
    value = models.TextField(blank=True)

    history = HistoricalRecords()

    class Meta:
        ordering = ("name",)
        constraints = [models.UniqueConstraint(fields=("sender", "name"), name="unique_transport_parameter")]

    def __str__(self) -> str:
        return self.name
