"""
Work that nobody asks for from outside: tasks, message processors, endpoints that look for messages themselves.

::

    reconciler  starts and stops jobs as the configuration says
    leases      which process does which job
    forwarding  message processors that send, and those that move messages to another store
    sampling    message processors that run a sequence
    injecting   tasks
    files       files of a directory, one message each
    polling     what Python classes find
"""

from mediation.jobs.reconciler import Jobs

__all__ = ["Jobs"]
