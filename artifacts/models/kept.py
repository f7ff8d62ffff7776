"""Artifacts of all other kinds."""

from django.db import models
from lxml import etree

from artifacts.synapse_xml.naming import MAX_NAME
from mediation.findings import Severity

from .base import Artifact


class KeptArtifact(Artifact):
    """
    A registry, a connector import, ..., or an element that nobody knows.

    Most of them are stored, exported and reported, and have no effect.
    """

    kind = models.CharField(max_length=MAX_NAME, editable=False)
    name = models.CharField(max_length=MAX_NAME)

    class Meta(Artifact.Meta):
        ordering = ("kind", "name")
        constraints = [models.UniqueConstraint(fields=("kind", "name"), name="unique_kept_artifact")]

    def accept(self, kind: str, element: etree._Element) -> None:
        if self._state.adding:
            self.kind = kind
        super().accept(kind, element)

    def derive(self) -> None:
        super().derive()
        # An element that nobody knows is no reason to refuse it: other products have extensions.
        for finding in self.findings:
            if finding["severity"] == Severity.ERROR:
                finding["severity"] = Severity.NOT_RUNNABLE
