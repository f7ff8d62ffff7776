"""The number by which serving processes see that the configuration has changed."""

from django.db import models
from django.db.models import F


class Deployment(models.Model):
    """
    One row: the generation of the configuration.

    It rises in the transaction that changes a row, so a process that reads it sees all changes up to it. On databases
    with several writers at a time the row's lock also puts them in order.
    """

    generation = models.BigIntegerField(default=0, editable=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="one_deployment")]

    def __str__(self) -> str:
        return f"generation {self.generation}"

    @classmethod
    def current(cls) -> int:
        return cls.objects.filter(pk=1).values_list("generation", flat=True).first() or 0

    @classmethod
    def rise(cls) -> None:
        """Raise the generation, as part of the transaction that is open."""
        if not cls.objects.filter(pk=1).update(generation=F("generation") + 1):
            cls.objects.create(pk=1, generation=1)
