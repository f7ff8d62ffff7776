"""
Message stores: what a ``<store>`` puts away until a message processor comes for it.

::

    artifact  the ``<messageStore>`` element
    record    a message as plain data, and the way back
    queues    what a store keeps its records in: the questions, and the queue in memory

The queue in the database is at home in :mod:`mediation.stored_messages`, where models may be known.
"""

from mediation.stores.artifact import MessageStore
from mediation.stores.queues import Delivery, Queue, QueueFull, StoreUnavailable
from mediation.stores.record import Record, freeze, thaw

__all__ = ["Delivery", "MessageStore", "Queue", "QueueFull", "Record", "StoreUnavailable", "freeze", "thaw"]
