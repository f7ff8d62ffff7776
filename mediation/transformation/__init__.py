"""
XSLT, XQuery and XML Schema, in child processes with limits.

::

    program      what is to run: a stylesheet with its modules, or a query, made of local entries
    xml_schema   the same for schemas
    resources    names in stylesheets and schemas, and the local entries that they stand for
    processor    runs programs in pools of workers
    place        the element that a transformation reads, and what takes its place
    worker       a child process: libxml2 for XSLT 1.0 and XML Schema, Saxon for XSLT 2.0, 3.0 and XQuery

Neither a stylesheet nor a query reaches a file or the network: it gets the message and local entries.
"""
