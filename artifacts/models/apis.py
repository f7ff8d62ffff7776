"""REST APIs."""

from django.db import models
from lxml import etree

from artifacts.synapse_xml import identity

from .base import Artifact


class Api(Artifact):
    """Resources below a path of their own."""

    kind = "api"

    context = models.CharField(max_length=255, blank=True, help_text="The path that all its resources begin with.")
    hostname = models.CharField(max_length=255, blank=True, help_text="Empty for every host name.")
    port = models.CharField(max_length=16, blank=True, help_text="Empty for every port.")
    api_version = models.CharField("version", max_length=64, blank=True)
    version_type = models.CharField("version-type", max_length=16, blank=True, help_text="url or context.")
    resources = models.TextField(blank=True, editable=False)

    class Meta(Artifact.Meta):
        verbose_name = "API"

    def take_facts(self, element: etree._Element) -> None:
        super().take_facts(element)
        # The attribute is the same for all versions of an API, but each of them is an artifact.
        self.name = identity(element).name
