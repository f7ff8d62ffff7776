"""Named endpoints."""

from django.db import models

from .base import Artifact


class Endpoint(Artifact):
    """A back-end that sequences send to by name."""

    kind = "endpoint"

    endpoint_kind = models.CharField("kind", max_length=64, blank=True, editable=False)
    address = models.TextField(blank=True, help_text="URL or URL template; of an indirect endpoint its key.")
    method = models.CharField(max_length=255, blank=True, help_text="Of an http endpoint; empty keeps the message's.")

    class Meta(Artifact.Meta):
        pass
