"""
From files to artifacts: what a path given to an import holds.

::

    package = read_path(Path("app.car"))
    for found in package.artifacts:
        print(found.place, found.kind, found.name)

========================= ==============================================================================================
:mod:`.found`             what is found: artifacts, transports' parameters, files that are no configuration
:mod:`.archive`           members of a ``.zip`` or ``.car``, read in memory under caps
:mod:`.folder`            files of a directory
:mod:`.resources`         which files are resources of the registry, and where in it
:mod:`.carbon`            what ``artifacts.xml`` and ``artifact.xml`` say about the files beside them
:mod:`.document`          one XML file to the artifacts in it
:mod:`.transports`        ``deployment.toml`` and axis2's ``<transportSender>``
:mod:`.reader`            all of these together
========================= ==============================================================================================
"""

from .found import FoundArtifact, FoundResource, FoundTransport, Ignored, Package, PackageError
from .reader import read_path
from .transports import write_deployment_toml

__all__ = [
    "FoundArtifact",
    "FoundResource",
    "FoundTransport",
    "Ignored",
    "Package",
    "PackageError",
    "read_path",
    "write_deployment_toml",
]
