from dataclasses import replace

import pytest

from artifacts.synapse_xml import InboundEndpointFacts, Parameter, read_facts, revised
from mediation.payloads.xml import parse_xml

TEXT = """<inboundEndpoint name="test" onError="fault" protocol="ws" sequence="dispatchSeq" suspend="false"
                 xmlns="http://ws.apache.org/ns/synapse">
    <parameters>
        <!-- the port -->
        <parameter name="inbound.ws.port">9091</parameter>
        <parameter name="ws.outflow.dispatch.sequence">
            outDispatchSeq
        </parameter>
        <parameter name="x" key="conf:/x"/>
    </parameters>
</inboundEndpoint>
"""


def facts(text=TEXT):
    return read_facts(parse_xml(text))


def with_parameters(*parameters):
    return revised(TEXT, replace(facts(), parameters=parameters))


def test_facts_are_read():
    assert facts() == InboundEndpointFacts(
        name="test",
        protocol="ws",
        sequence="dispatchSeq",
        on_error="fault",
        suspended=False,
        parameters=(
            Parameter("inbound.ws.port", "9091"),
            Parameter("ws.outflow.dispatch.sequence", "outDispatchSeq"),
            Parameter("x", "", "conf:/x"),
        ),
    )
    assert facts().port == 9091


@pytest.mark.parametrize("value", ["", "ninety", "-1", "9091.0", "٩", "1" * 5000])
def test_what_is_no_port_is_none(value):
    assert facts(TEXT.replace("9091", value)).port is None


def test_suspending_changes_one_attribute():
    text = revised(TEXT, replace(facts(), suspended=True))

    assert text == TEXT.replace('suspend="false"', 'suspend="true"')


def test_the_same_parameters_in_any_order_change_nothing():
    assert with_parameters(*reversed(facts().parameters)) is TEXT


def test_a_changed_value_changes_its_parameter_only():
    text = with_parameters(Parameter("inbound.ws.port", "9092"), *facts().parameters[1:])

    assert text == TEXT.replace("9091", "9092")


def test_a_new_parameter_is_indented_as_the_others():
    text = with_parameters(*facts().parameters, Parameter("ws.client.side.broadcast.level", "1"))

    line = '        <parameter name="ws.client.side.broadcast.level">1</parameter>\n'
    assert text == TEXT.replace("    </parameters>", f"{line}    </parameters>")


def test_a_removed_parameter_takes_its_line_along():
    assert with_parameters(*facts().parameters[:2]) == TEXT.replace('        <parameter name="x" key="conf:/x"/>\n', "")


def test_a_renamed_parameter_keeps_its_place():
    text = with_parameters(Parameter("port", "9091"), *facts().parameters[1:])

    assert text == TEXT.replace('name="inbound.ws.port"', 'name="port"')


def test_parameters_of_one_name_are_kept_apart():
    two = '<parameter name="a">1</parameter><parameter name="a">2</parameter>'
    text = f'<inboundEndpoint name="i"><parameters>{two}</parameters></inboundEndpoint>'
    changed = replace(facts(text), parameters=(Parameter("a", "1"), Parameter("a", "3")))

    assert revised(text, changed) == text.replace(">2<", ">3<")


def test_a_parameter_that_holds_xml_survives():
    text = TEXT.replace("9091", "<KeyStore><Type>JKS</Type></KeyStore>")
    parameters = facts(text).parameters

    assert "<Type>JKS</Type>" in parameters[0].value
    assert revised(text, replace(facts(text), on_error="other")) == text.replace("fault", "other")


def test_parameters_are_made_where_there_are_none():
    text = revised('<inboundEndpoint name="i"/>', InboundEndpointFacts("i", parameters=(Parameter("a", "1"),)))

    assert facts(text).parameters == (Parameter("a", "1"),)


def test_prefixed_parameters_are_read_and_extended_with_their_prefix():
    text = """<inboundEndpoint xmlns="http://ws.apache.org/ns/synapse" name="i" protocol="ws">
    <p:parameters xmlns:p="http://ws.apache.org/ns/synapse">
        <p:parameter name="port">1</p:parameter>
    </p:parameters>
</inboundEndpoint>"""

    extended = revised(text, replace(facts(text), parameters=(Parameter("port", "1"), Parameter("a", "2"))))

    assert facts(text).port == 1
    assert '        <p:parameter name="a">2</p:parameter>\n    </p:parameters>' in extended
