"""
What a serving process tells of itself, and how it follows the configuration.

::

    status     what is told, as plain values
    endpoints  those that take no messages, and whether people want that
    processes  the rows that all processes write and the admin reads
    watcher    the thread that looks for a new configuration and writes the rows
"""
