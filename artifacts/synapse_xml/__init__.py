"""
The XML of artifacts: ``read_x`` and ``write_x`` side by side, one file per artifact kind.

::

    naming       kind and name of an element
    sequence  proxy  inbound_endpoint  endpoint  local_entry
    api  template  messaging  task                            facts read from the tree, and written back into it
    document     compare two texts; change a text and keep the rest as its author wrote it
    edit         changes to a tree that disturb nothing
    spelling     the edited tree in the author's spelling
    packages     from files, directories and archives to artifacts

::

    facts = read_facts(parse_xml(text))
    text = revised(text, dataclasses.replace(facts, on_error="fault"))
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from lxml import etree

from mediation.grammar import local_name

from .api import ApiFacts, read_api, write_api
from .document import revise, same_xml
from .endpoint import EndpointFacts, read_endpoint, write_endpoint
from .inbound_endpoint import InboundEndpointFacts, Parameter, read_inbound_endpoint, write_inbound_endpoint
from .local_entry import LocalEntryFacts, read_local_entry, write_local_entry
from .messaging import (
    MessageProcessorFacts,
    MessageStoreFacts,
    read_message_processor,
    read_message_store,
    write_message_processor,
    write_message_store,
)
from .naming import Identity, identity
from .proxy import ProxyServiceFacts, read_proxy, write_proxy
from .sequence import SequenceFacts, read_sequence, write_sequence
from .task import TaskFacts, read_task, write_task
from .template import TemplateFacts, read_template, write_template

Facts = (
    SequenceFacts
    | ProxyServiceFacts
    | InboundEndpointFacts
    | EndpointFacts
    | LocalEntryFacts
    | ApiFacts
    | TemplateFacts
    | MessageStoreFacts
    | MessageProcessorFacts
    | TaskFacts
)


class Form(NamedTuple):
    read: Callable[[etree._Element], Any]
    write: Callable[[etree._Element, Any], None]


FORMS: Final = {
    "sequence": Form(read_sequence, write_sequence),
    "proxy": Form(read_proxy, write_proxy),
    "inboundEndpoint": Form(read_inbound_endpoint, write_inbound_endpoint),
    "endpoint": Form(read_endpoint, write_endpoint),
    "localEntry": Form(read_local_entry, write_local_entry),
    "api": Form(read_api, write_api),
    "template": Form(read_template, write_template),
    "messageStore": Form(read_message_store, write_message_store),
    "messageProcessor": Form(read_message_processor, write_message_processor),
    "task": Form(read_task, write_task),
}


def read_facts(element: etree._Element) -> Facts | None:
    """What the row of this artifact shows beside its XML; ``None`` for kinds that are only kept."""
    form = FORMS.get(local_name(element))
    return None if form is None else form.read(element)


def revised(text: str, facts: Facts) -> str:
    """
    The artifact's text with these facts in it; everything else stays as its author wrote it.

    Raises:
        XmlError: ``text``, or XML in the facts, is not well-formed.
    """

    def write(element: etree._Element) -> None:
        FORMS[local_name(element)].write(element, facts)

    return revise(text, write)


__all__ = [
    "ApiFacts",
    "EndpointFacts",
    "Facts",
    "Identity",
    "InboundEndpointFacts",
    "LocalEntryFacts",
    "MessageProcessorFacts",
    "MessageStoreFacts",
    "Parameter",
    "ProxyServiceFacts",
    "SequenceFacts",
    "TaskFacts",
    "TemplateFacts",
    "identity",
    "read_facts",
    "read_inbound_endpoint",
    "revise",
    "revised",
    "same_xml",
]
