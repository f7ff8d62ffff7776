"""A changed row raises the generation, and whoever serves in this process is told when the change is committed."""

from functools import partial
from typing import Any

from django.apps import AppConfig
from django.db import connections, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.models.signals import post_delete, post_save
from django.dispatch import Signal

deployed = Signal()
"""
Sent after the commit of a transaction that changed the configuration, in the thread that committed; several times if
several rows changed. Other processes see the generation rise instead.
"""


def connect(app: AppConfig) -> None:
    """Watch every model whose rows make up the configuration, deletes of whole querysets included."""
    from .models import ARTIFACT_MODELS, InboundEndpoint, TransportParameter, TransportSender

    for model in (*ARTIFACT_MODELS, TransportSender, TransportParameter):
        for signal in (post_save, post_delete):
            signal.connect(_changed, sender=model, dispatch_uid="artifacts.generation")
    for signal in (post_save, post_delete):
        signal.connect(_port_may_be_free, sender=InboundEndpoint, dispatch_uid="artifacts.port")


def _changed(sender: type, using: str, **kwargs: Any) -> None:
    from .models import Deployment

    with transaction.atomic(using=using):
        Deployment.rise()
        transaction.on_commit(partial(deployed.send, sender=Deployment), using=using)


def _port_may_be_free(sender: type, **kwargs: Any) -> None:
    from .models.inbound import deploy_waiting

    deploy_waiting()


def recheck_after_migration(using: str, **kwargs: Any) -> None:
    """A new version of the product may run what the last one could not."""
    from .store import recheck

    if "plan" not in kwargs:
        return  # the database was emptied, not migrated
    executor = MigrationExecutor(connections[using])
    if not executor.migration_plan(executor.loader.graph.leaf_nodes("artifacts")):
        recheck()
