"""
``<script>``: JavaScript of configurations, in child processes.

::

    e4x          XML literals and operators of the originals' Rhino, written as plain JavaScript
    facade.js    what a script sees: the message as ``mc``, and XML values
    worker       a child process: one script engine for each script
    engine       runs scripts in a pool of workers, with limits

A script gets a snapshot of its message, and what it changed comes back as a list of changes.
"""
