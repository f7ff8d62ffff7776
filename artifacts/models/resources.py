"""Resources of the registry, as something that people have permissions for."""

from django.db import models


class RegistryResource(models.Model):
    """A file of the registry. It has no row: :mod:`artifacts.registry` has the files."""

    path = models.CharField(primary_key=True, max_length=1000)

    class Meta:
        managed = False
        verbose_name = "registry resource"

    def __str__(self) -> str:
        return self.path
