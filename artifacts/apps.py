"""The Django app of the stored configuration."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ArtifactsConfig(AppConfig):
    name = "artifacts"
    verbose_name = "Artifacts"

    def ready(self) -> None:
        from . import signals

        signals.connect(self)
        post_migrate.connect(signals.recheck_after_migration, sender=self)
