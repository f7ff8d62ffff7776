"""``<messageStore>``: a place where messages wait for a message processor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mediation.errors import GrammarError, Needs, NotRunnable
from mediation.grammar import artifact, elements, local_name
from mediation.stores.queues import QUEUES, Queue

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler

_IMPLEMENTATIONS: Final = "org.apache.synapse.message.store.impl"

MEMORY: Final = frozenset(
    {
        f"{_IMPLEMENTATIONS}.memory.InMemoryStore",
        f"{_IMPLEMENTATIONS}.memory.InMemoryMessageStore",
        "org.apache.synapse.message.store.InMemoryMessageStore",
    }
)
DATABASE: Final = frozenset({f"{_IMPLEMENTATIONS}.jdbc.JDBCMessageStore"})
"""Classes that keep messages in a database: here it is the server's own."""

ELSEWHERE: Final = {
    f"{_IMPLEMENTATIONS}.jms.JmsStore": "a JMS broker",
    "org.wso2.carbon.message.store.persistence.jms.JMSMessageStore": "a JMS broker",
    f"{_IMPLEMENTATIONS}.rabbitmq.RabbitMQStore": "RabbitMQ",
    f"{_IMPLEMENTATIONS}.resequencer.ResequenceMessageStore": "messages in an order of their own",
}
"""Classes that need what is not here, and what that is."""

BROKERS: Final = frozenset({"a JMS broker", "RabbitMQ"})

INSTEAD: Final = "leave the class out, and the messages are kept in the server's database"

GUARANTEED: Final = "store.producer.guaranteed.delivery.enable"
FAILOVER: Final = "store.failover.message.store.name"


@dataclass(frozen=True, slots=True)
class MessageStore:
    """
    A place where messages wait for a message processor.

    ::

        <messageStore name="Orders"/>

    Without a class, or with that of ``JDBCMessageStore``, messages are kept in the server's database and outlive the
    process; with that of ``InMemoryStore`` they are kept in memory. Parameters: ``store.failover.message.store.name``
    names the store that gets what this one cannot take, if ``store.producer.guaranteed.delivery.enable`` is ``true``.

    Attributes:
        durable: whether what was accepted outlives the process.
        failover: the store that gets what this one cannot take.
    """

    name: str
    durable: bool
    failover: str | None

    @property
    def queue(self) -> Queue:
        """
        The messages in it.

        Raises:
            StoreUnavailable: there is no place to keep them.
        """
        return QUEUES.database(self.name) if self.durable else QUEUES.memory(self.name)


@artifact("messageStore")
def read_message_store(element: etree._Element, compiler: Compiler) -> MessageStore:
    """
    Raises:
        GrammarError: it has no name.
        NotRunnable: its messages are to be kept by something that is not here.
    """
    name = element.get("name")
    if not name:
        raise GrammarError("Message store name not specified", element.sourceline)
    parameters = _parameters(element, compiler)
    return MessageStore(
        name=name,
        durable=_is_durable(element),
        failover=_failover(element, parameters, compiler),
    )


def _is_durable(element: etree._Element) -> bool:
    name = (element.get("class") or "").strip()
    if name in MEMORY:
        return False
    if not name or name in DATABASE:
        return True
    what = ELSEWHERE.get(name)
    described = f"a message store in {what}" if what else f"the message store class {name}"
    needs = Needs.TRANSPORT if what in BROKERS else Needs.JAVA
    raise NotRunnable(described, INSTEAD, line=element.sourceline, needs=needs)


def _parameters(element: etree._Element, compiler: Compiler) -> dict[str, str]:
    parameters = {}
    for part in elements(element):
        tag = local_name(part)
        if tag == "parameter":
            name = part.get("name") or ""
            parameters[name] = (part.text or "").strip()
            if name in (GUARANTEED, FAILOVER) and (part.get("key") or part.get("expression")):
                compiler.error(NotRunnable(f'parameter "{name}" with a key or an expression'), part)
            if name.startswith(("store.jdbc.", "java.naming.", "store.jms.")):
                compiler.info(f'parameter "{name}" has no effect: messages are kept in the server\'s database', part)
            elif name not in (GUARANTEED, FAILOVER):
                compiler.warning(f'parameter "{name}" of a message store is not known; it is ignored', part)
        elif tag != "description":
            compiler.warning(f"<messageStore> does not know the child <{tag}>; it is ignored", part)
    for attribute in element.attrib:
        if attribute not in {"name", "class", "sequence"}:
            compiler.warning(f'<messageStore> does not know the attribute "{attribute}"; it is ignored', element)
    return parameters


def _failover(element: etree._Element, parameters: Mapping[str, str], compiler: Compiler) -> str | None:
    name = parameters.get(FAILOVER)
    if not name:
        return None
    compiler.refer("messageStore", name, element)
    return name if parameters.get(GUARANTEED, "").lower() == "true" else None
