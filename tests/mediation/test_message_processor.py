"""``<messageProcessor>``: its parameters, and what is said of the rest."""

import pytest

from mediation.compiler import compile_artifact
from mediation.message_processor import MessageProcessor
from mediation.payloads.xml import SYNAPSE_NS, parse_xml
from mediation.triggers import Cron, Interval
from tests.mediation.jobs.support import FORWARDING, SAMPLING, processor
from tests.mediation.support import compiled


def compiled_with(**parameters: object) -> MessageProcessor:
    return compiled(processor(**parameters))


def mistakes(xml: str) -> list[str]:
    compilation = compile_artifact(parse_xml(xml))
    return [finding.message for finding in (*compilation.errors, *compilation.not_runnable)]


def test_defaults():
    xml = f'<messageProcessor xmlns="{SYNAPSE_NS}" name="P" class="{FORWARDING}" messageStore="S"/>'
    found = compiled(xml)
    assert (found.interval, found.retry_interval, found.max_attempts) == (1000, 1000, 4)
    assert (found.active, found.drop, found.concurrency) == (True, False, 1)
    assert found.trigger == Interval(1)


def test_a_cron_expression_goes_before_an_interval():
    assert isinstance(compiled_with(cronExpression="0/10 * * * * ?").trigger, Cron)


@pytest.mark.parametrize(("text", "drop"), [("Enabled", True), ("Disabled", False), ("true", True)])
def test_what_becomes_of_a_message_after_its_attempts(text, drop):
    assert compiled_with(max__delivery__drop=text).drop is drop


def test_status_codes():
    assert compiled_with(non__retry__status__codes="400,404").delivered_statuses == {400, 404}


def test_the_target_may_be_a_parameter():
    assert compiled(processor(target="", target__endpoint="E")).target == "E"


def test_the_former_class_names_are_known():
    name = "org.apache.synapse.message.processors.forward.ScheduledMessageForwardingProcessor"
    assert compiled(processor(name)).does == "forwarding"


def test_parameters_without_effect_are_said_to_have_none():
    findings = compile_artifact(parse_xml(processor(throttle="false", colour="red"))).findings
    assert [finding.message for finding in findings] == [
        'parameter "throttle" is accepted, but has no effect: the interval alone says how fast messages are taken',
        'parameter "colour" is not known; it is ignored',
    ]


@pytest.mark.parametrize(
    ("xml", "mistake"),
    [
        (processor(interval="soon"), 'parameter interval "soon" is not a whole number of at least 0'),
        (processor(cronExpression="x"), 'parameter cronExpression "x" has not six fields'),
        (processor(SAMPLING), "a sampling processor needs the parameter sequence"),
        (processor().replace('messageStore="S"', ""), "Can't create message processor without a message store"),
        (processor().replace('name="P"', "", 1), "Message Processor name not specified"),
        (processor("com.acme.Processor"), "the message processor class com.acme.Processor is kept, but cannot run"),
    ],
)
def test_mistakes(xml, mistake):
    [found] = mistakes(xml)
    assert found.startswith(mistake)


def test_a_parameter_whose_value_lies_elsewhere_is_not_left_out_silently():
    xml = processor(interval="1").replace('name="interval"', 'name="interval" key="conf:/x"')
    [found] = mistakes(xml)
    assert found.startswith('parameter "interval" with a registry key is kept')
