"""Local entries."""

from django.db import models

from .base import Artifact


class LocalEntry(Artifact):
    """A text, an XML element or a URL that other artifacts use by key; the key is the name."""

    kind = "localEntry"

    class EntryKind(models.TextChoices):
        TEXT = "text", "text"
        XML = "xml", "XML"
        URL = "url", "URL"

    entry_kind = models.CharField("content", max_length=4, choices=EntryKind.choices, default=EntryKind.TEXT)
    value = models.TextField(blank=True)

    class Meta(Artifact.Meta):
        verbose_name_plural = "local entries"
