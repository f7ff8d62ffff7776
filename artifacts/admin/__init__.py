"""
The management console: one ``ModelAdmin`` per kind of artifact, and what they share.

::

    artifact       list and form that all kinds have in common
    forms          fields and XML of one artifact, merged into one text
    parts          parameters as rows below a form
    editor         the XML editor, with remarks beside their lines
    health         the state of a row, joined with what serving processes say
    references     what an artifact uses, what uses it, and what lint says
    switching      suspend and activate
    deleted        what was deleted, restored
    history        versions, differences, revert
    downloads      export
    registry       files of the registry
    deployment     import and export of everything
    secrets        what is shown instead of passwords
    tokens         what programs show in place of a password

Rows are written through :mod:`artifacts.store` alone.
"""

from . import (  # noqa: F401  (these register their models)
    apis,
    deployment,
    endpoints,
    inbound_endpoints,
    kept_artifacts,
    local_entries,
    messaging,
    proxy_services,
    registry,
    sequences,
    templates,
    tokens,
    transports,
)
