"""Changes of the registry that are made here: every serving process sees them as it sees a changed artifact."""

from functools import partial

from django.db import transaction

from .directory import registry_directory


def write_resource(path: str, content: bytes) -> None:
    """
    Raises:
        ResourceError: the path is none, or the file cannot be written.
    """
    registry_directory().write(path, content)
    _announce()


def remove_resource(path: str) -> None:
    """
    Raises:
        ResourceError: it cannot be removed.
    """
    registry_directory().remove(path)
    _announce()


def _announce() -> None:
    # Models are there only when Django has started.
    from artifacts.models import Deployment
    from artifacts.signals import deployed

    with transaction.atomic():
        Deployment.rise()
        transaction.on_commit(partial(deployed.send, sender=Deployment))
