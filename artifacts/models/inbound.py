"""Inbound endpoints and their parameters."""

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import models
from lxml import etree

from artifacts.synapse_xml.inbound_endpoint import PORT_PARAMETERS, Parameter, parameter_line, read_inbound_endpoint
from mediation.findings import Finding, Severity
from mediation.inbound_tls import check_stores

from .base import Artifact, State

PORT_CHECK = "deployment.port"
"""Id of the finding that another inbound endpoint has the port."""
STORE_CHECK = "deployment.store"
"""Id of findings about the key and trust stores of ``wss``."""


def port_in_use(holder: str, port: int) -> str:
    """The originals' text."""
    return f"Another endpoint named : {holder} is currently using this port: {port}"


class InboundEndpoint(Artifact):
    """
    A port of its own that messages come in through.

    Of two endpoints that want one port, the one that was deployed first keeps it; the other is faulty until the port is
    free.
    """

    kind = "inboundEndpoint"

    protocol = models.CharField(max_length=64, blank=True)
    sequence = models.CharField(max_length=255, blank=True)
    on_error = models.CharField("onError", max_length=255, blank=True)
    suspended = models.BooleanField("suspend", default=False)
    port = models.PositiveIntegerField(null=True, blank=True, help_text="As the XML says, without the port offset.")
    listening_port = models.PositiveIntegerField(
        null=True, editable=False, db_index=True, help_text="The port that the deployed version listens on."
    )

    class Meta(Artifact.Meta):
        pass

    _parameters: tuple[Parameter, ...] = ()

    def take_facts(self, element: etree._Element) -> None:
        facts = read_inbound_endpoint(element)
        self.protocol, self.sequence, self.on_error = facts.protocol, facts.sequence, facts.on_error
        self.suspended, self.port = facts.suspended, facts.port
        self._parameters = facts.parameters

    def is_suspended(self) -> bool:
        return self.suspended

    def wanted_port(self) -> int | None:
        """The port of this version once it is deployed, offset included; ``None`` if it opens none."""
        compiled = self.compilation.artifact
        if compiled is None or self.suspended:
            return None
        return compiled.port_with_offset(settings.ESB_PORT_OFFSET)

    def objections(self, element: etree._Element) -> list[Finding]:
        port = self.wanted_port()
        return [] if port is None else [*self._rivals(port, element), *self._store_remarks(element)]

    def _rivals(self, port: int, element: etree._Element) -> Iterator[Finding]:
        holder = InboundEndpoint.objects.filter(listening_port=port).exclude(pk=self.pk).first()
        if holder is not None:
            line = parameter_line(element, *PORT_PARAMETERS)
            yield Finding(Severity.ERROR, port_in_use(holder.name, port), line, PORT_CHECK)

    def _store_remarks(self, element: etree._Element) -> Iterator[Finding]:
        compiled = self.compilation.artifact
        if compiled.protocol in ("wss", "https"):
            for parameter, severity, message in check_stores(compiled.tls, Path(settings.ESB_STORE_DIR)):
                yield Finding(severity, message, parameter_line(element, parameter), STORE_CHECK)

    def settle(self, stored: Artifact | None) -> None:
        super().settle(stored)
        if self.state == State.FAULTY_SERVING_OLDER and isinstance(stored, InboundEndpoint):
            self.listening_port = stored.listening_port
        else:
            self.listening_port = self.wanted_port() if self.state == State.DEPLOYED else None

    def save_rows(self) -> None:
        self.parameters.all().delete()
        InboundParameter.objects.bulk_create(
            InboundParameter(inbound_endpoint=self, order=order, name=each.name, value=each.value, key=each.key)
            for order, each in enumerate(self._parameters)
        )


class InboundParameter(models.Model):
    """
    A parameter of an inbound endpoint.

    Read from the endpoint's XML when that is saved; to change one, change the XML.
    """

    inbound_endpoint = models.ForeignKey(InboundEndpoint, on_delete=models.CASCADE, related_name="parameters")
    order = models.PositiveIntegerField(default=0, editable=False)
    name = models.CharField(max_length=255)
    value = models.TextField(blank=True)
    key = models.CharField(max_length=255, blank=True, help_text="Where the value is stored, instead of a value.")

    class Meta:
        ordering = ("order",)

    def __str__(self) -> str:
        return self.name


def deploy_waiting() -> None:
    """Deploy the endpoints that wait for a port which is free by now, or for a key store that is there by now."""
    faulty = InboundEndpoint.objects.filter(state__in=(State.FAULTY, State.FAULTY_SERVING_OLDER))
    for row in faulty.order_by("pk"):
        if any(finding["check"] in (PORT_CHECK, STORE_CHECK) for finding in row.findings):
            row.recheck()
