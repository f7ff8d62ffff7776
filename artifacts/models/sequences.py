"""Sequences."""

from django.db import models

from .base import Artifact


class Sequence(Artifact):
    """A named sequence of mediators."""

    kind = "sequence"

    on_error = models.CharField(
        "onError", max_length=255, blank=True, help_text="The sequence that runs when this one fails."
    )

    class Meta(Artifact.Meta):
        pass
