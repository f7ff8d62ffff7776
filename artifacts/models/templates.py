"""Templates of sequences and endpoints."""

from django.db import models

from .base import Artifact


class Template(Artifact):
    """A sequence or an endpoint with parameters, for others to fill in."""

    kind = "template"

    template_kind = models.CharField("of", max_length=16, blank=True, editable=False)
    on_error = models.CharField("onError", max_length=255, blank=True)
    parameters = models.TextField(blank=True, editable=False)

    class Meta(Artifact.Meta):
        pass
