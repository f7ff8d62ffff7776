"""
Databases of configurations: ``<dblookup>`` and ``<dbreport>``.

::

    urls           what a connection pool names, as settings of a Django database
    data_source    a database with its connections, each in a thread of its own
    transactions   statements of one message that are committed together

The engine's own tables are none of this: they are models.
"""
