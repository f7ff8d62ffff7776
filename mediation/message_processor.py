"""``<messageProcessor>``: takes messages out of a store, and forwards or mediates them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mediation.errors import GrammarError, Needs, NotRunnable
from mediation.grammar import artifact, elements, local_name
from mediation.parameters import FLAG, declared_parameters, flag, number, parameter, read_texts
from mediation.triggers import Cron, Interval, Trigger

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler

_IMPLEMENTATIONS: Final = "org.apache.synapse.message.processor.impl"
_FORMER: Final = "org.apache.synapse.message.processors"

FORWARDING, SAMPLING, MOVING = "forwarding", "sampling", "moving"

CLASSES: Final = {
    f"{_IMPLEMENTATIONS}.forwarder.ScheduledMessageForwardingProcessor": FORWARDING,
    f"{_FORMER}.forward.ScheduledMessageForwardingProcessor": FORWARDING,
    f"{_IMPLEMENTATIONS}.sampler.SamplingProcessor": SAMPLING,
    f"{_FORMER}.sampler.SamplingProcessor": SAMPLING,
    f"{_IMPLEMENTATIONS}.failover.FailoverScheduledMessageForwardingProcessor": MOVING,
}
"""What the classes of the originals do."""

WITHOUT_EFFECT: Final = {
    "throttle": "the interval alone says how fast messages are taken",
    "throttle.interval": "the interval alone says how fast messages are taken",
    "member.count": "one of the serving processes takes the messages, in their order",
    "max.store.connection.attempts": "a store that cannot be reached is tried until it can",
    "store.connection.retry.interval": "a store that cannot be reached is tried every second",
    "axis2.repo": "there is no Axis2",
    "axis2.config": "there is no Axis2",
}


def _status_codes(text: str) -> frozenset[int]:
    codes = frozenset(part.strip() for part in text.split(","))
    if not all(code.isascii() and code.isdigit() for code in codes):
        raise ValueError("is not a list of HTTP status codes")
    return frozenset(map(int, codes))


def _enabled(text: str) -> bool:
    return text.lower() in ("enabled", "true")


def _attempts(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError("is not a whole number") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageProcessor:
    """
    Takes messages out of a store, and forwards or mediates them.

    ::

        <messageProcessor name="Forward" messageStore="Orders" targetEndpoint="BackEnd"
            class="org.apache.synapse.message.processor.impl.forwarder.ScheduledMessageForwardingProcessor">
            <parameter name="interval">1000</parameter>
        </messageProcessor>

    Classes: ``ScheduledMessageForwardingProcessor``, ``SamplingProcessor`` and
    ``FailoverScheduledMessageForwardingProcessor``.

    Attributes:
        does: ``forwarding`` sends to an endpoint, ``sampling`` runs a sequence, ``moving`` puts into another store.
        target: the endpoint's name; without one each message says it in the property ``target.endpoint``.
    """

    name: str
    does: str
    store: str
    target: str | None

    interval: int = parameter("interval", number(0), 1000, values="ms", help="from one message to the next")
    cron: Cron | None = parameter(
        "cronExpression",
        Cron.parse,
        values="Quartz expression",
        help="in place of an interval: when the store is emptied",
    )
    active: bool = parameter("is.active", flag, True, values=FLAG, help="whether it works once it is deployed")
    retry_interval: int = parameter(
        "client.retry.interval", number(0), 1000, values="ms", help="from one attempt of a message to the next"
    )
    max_attempts: int = parameter(
        "max.delivery.attempts", _attempts, 4, values="0 for any number", help="deliveries that may fail"
    )
    drop: bool = parameter(
        "max.delivery.drop",
        _enabled,
        False,
        values="`Enabled`, `Disabled`",
        help="what becomes of a message after its attempts: it goes to the dead letters, or the processor deactivates",
    )
    failed_store: str | None = parameter(
        "message.processor.failMessagesStore",
        refers="messageStore",
        values="message store",
        help="gets messages after their attempts",
    )
    reply_sequence: str | None = parameter(
        "message.processor.reply.sequence", refers="sequence", values="sequence", help="runs with each answer"
    )
    fault_sequence: str | None = parameter(
        "message.processor.fault.sequence", refers="sequence", values="sequence", help="runs after each failed attempt"
    )
    deactivate_sequence: str | None = parameter(
        "message.processor.deactivate.sequence",
        refers="sequence",
        values="sequence",
        help="runs with the message for which the processor deactivates",
    )
    delivered_statuses: frozenset[int] = parameter(
        "non.retry.status.codes",
        _status_codes,
        frozenset(),
        values="HTTP status codes, separated by commas",
        help="count as delivered, as 2xx does",
    )
    sequence: str | None = parameter(
        "sequence", refers="sequence", values="sequence", help="of a sampling processor: runs with each message"
    )
    concurrency: int = parameter(
        "concurrency", number(1), 1, values="number", help="of a sampling processor: messages that are taken together"
    )
    target_store: str | None = parameter(
        "message.target.store.name",
        refers="messageStore",
        values="message store",
        help="of a fail-over processor: where messages go",
    )
    target_parameter: str | None = parameter(
        "target.endpoint", refers="endpoint", values="endpoint", help="when there is no `targetEndpoint`"
    )

    @property
    def trigger(self) -> Trigger:
        return self.cron or Interval(self.interval / 1000)


@artifact("messageProcessor")
def read_message_processor(element: etree._Element, compiler: Compiler) -> MessageProcessor:
    """
    Raises:
        GrammarError: it has no name or no store, or lacks what its class needs.
        NotRunnable: its class is not known here.
    """
    name, store = element.get("name"), element.get("messageStore")
    if not name:
        raise GrammarError("Message Processor name not specified", element.sourceline)
    does = _kind(element)
    if not store:
        raise GrammarError("Can't create message processor without a message store", element.sourceline)
    compiler.refer("messageStore", store, element)
    values = _parameters(element, compiler)
    target = element.get("targetEndpoint") or None
    if target is not None:
        compiler.refer("endpoint", target, element)
    processor = MessageProcessor(
        name=name, does=does, store=store, target=target or values["target_parameter"], **values
    )
    if does == SAMPLING and processor.sequence is None:
        raise GrammarError("a sampling processor needs the parameter sequence", element.sourceline)
    if does == MOVING and processor.target_store is None:
        raise GrammarError("a fail-over processor needs the parameter message.target.store.name", element.sourceline)
    return processor


def _kind(element: etree._Element) -> str:
    name = (element.get("class") or "").strip()
    if not name:
        raise GrammarError("Can't create Message processor without a provider class", element.sourceline)
    if name not in CLASSES:
        raise NotRunnable(
            f"the message processor class {name}",
            "use a ScheduledMessageForwardingProcessor or a SamplingProcessor",
            line=element.sourceline,
            needs=Needs.JAVA,
        )
    return CLASSES[name]


def _parameters(element: etree._Element, compiler: Compiler) -> dict[str, Any]:
    known = {declared.name: declared for _, declared in declared_parameters(MessageProcessor)}
    texts = {}
    for part in elements(element):
        name = part.get("name") or ""
        if local_name(part) == "description":
            continue
        if local_name(part) != "parameter":
            compiler.warning(f"<messageProcessor> does not know the child <{local_name(part)}>; it is ignored", part)
        elif name in WITHOUT_EFFECT:
            compiler.info(f'parameter "{name}" is accepted, but has no effect: {WITHOUT_EFFECT[name]}', part)
        elif name not in known:
            compiler.warning(f'parameter "{name}" is not known; it is ignored', part)
        elif part.get("key") is not None:
            compiler.error(NotRunnable(f'parameter "{name}" with a registry key'), part)
        else:
            texts[name] = (part.text or "").strip()
            if texts[name] and known[name].refers is not None:
                compiler.refer(known[name].refers or "", texts[name], part)
    for attribute in element.attrib:
        if attribute not in {"name", "class", "messageStore", "targetEndpoint"}:
            compiler.warning(f'<messageProcessor> does not know the attribute "{attribute}"; it is ignored', element)
    return read_texts(
        MessageProcessor, texts, lambda mistake: compiler.error(GrammarError(mistake, element.sourceline), element)
    )
