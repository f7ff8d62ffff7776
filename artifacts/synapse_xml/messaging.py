"""``<messageStore>`` and ``<messageProcessor>``: what their rows show beside the XML."""

from dataclasses import dataclass

from lxml import etree

from .edit import set_attribute


@dataclass(frozen=True, slots=True)
class MessageStoreFacts:
    """
    Facts of a message store.

    Attributes:
        store_class: as it is written; empty for one in the server's database.
    """

    name: str
    store_class: str = ""


def read_message_store(element: etree._Element) -> MessageStoreFacts:
    return MessageStoreFacts(name=element.get("name", ""), store_class=element.get("class", ""))


def write_message_store(element: etree._Element, facts: MessageStoreFacts) -> None:
    set_attribute(element, "name", facts.name)
    set_attribute(element, "class", facts.store_class)


@dataclass(frozen=True, slots=True)
class MessageProcessorFacts:
    """
    Facts of a message processor.

    Attributes:
        message_store: the name of the store that it takes messages from.
        target_endpoint: the name of the endpoint that it sends them to.
    """

    name: str
    processor_class: str = ""
    message_store: str = ""
    target_endpoint: str = ""


def read_message_processor(element: etree._Element) -> MessageProcessorFacts:
    return MessageProcessorFacts(
        name=element.get("name", ""),
        processor_class=element.get("class", ""),
        message_store=element.get("messageStore", ""),
        target_endpoint=element.get("targetEndpoint", ""),
    )


def write_message_processor(element: etree._Element, facts: MessageProcessorFacts) -> None:
    set_attribute(element, "name", facts.name)
    set_attribute(element, "class", facts.processor_class)
    set_attribute(element, "messageStore", facts.message_store)
    set_attribute(element, "targetEndpoint", facts.target_endpoint)
