"""
What the bus is configured with: rows, their XML and their admin.

::

    models/        one file per family; the row keeps the artifact's XML, its columns are read from it
    synapse_xml/   read_x and write_x side by side, one file per artifact kind
    store          the only way that rows are written
    deployment     rows to the immutable snapshot that the engine runs
    snapshot       that snapshot
    signals        a changed row raises the generation; who serves is told

Imports ``mediation``, which knows nothing of this package.
"""
