"""Sequences."""

from django.db import models
from lxml import etree

from artifacts.synapse_xml.sequence import read_sequence

from .base import Artifact


class Sequence(Artifact):
    """A named sequence of mediators."""

    kind = "sequence"

    on_error = models.CharField(
        "onError", max_length=255, blank=True, help_text="The sequence that runs when this one fails."
    )

    class Meta(Artifact.Meta):
        pass

    def take_facts(self, element: etree._Element) -> None:
        self.on_error = read_sequence(element).on_error
