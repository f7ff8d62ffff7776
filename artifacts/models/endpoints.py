"""Named endpoints."""

from dataclasses import asdict

from django.db import models
from lxml import etree

from artifacts.synapse_xml.endpoint import read_endpoint

from .base import Artifact


class Endpoint(Artifact):
    """A back-end that sequences send to by name."""

    kind = "endpoint"

    endpoint_kind = models.CharField("kind", max_length=64, blank=True, editable=False)
    address = models.TextField(blank=True, help_text="URL or URL template; of an indirect endpoint its key.")
    method = models.CharField(max_length=255, blank=True, help_text="Of an http endpoint; empty keeps the message's.")

    class Meta(Artifact.Meta):
        pass

    def take_facts(self, element: etree._Element) -> None:
        for column, value in asdict(read_endpoint(element)).items():
            setattr(self, column, value)
