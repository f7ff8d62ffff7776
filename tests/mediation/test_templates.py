"""``<template>``: what it takes, and how it runs with parameters."""

from typing import Any

import pytest

from mediation.compiler import compile_artifact
from mediation.message import MessageContext
from mediation.payloads.xml import SYNAPSE_NS, parse_xml
from mediation.templates import EndpointTemplate, SequenceTemplate, TemplateParameter
from tests.mediation.support import DictEnvironment, compiled

PARAMETERS = '<parameter name="symbol"/><parameter name="source" defaultValue="NASDAQ"/>'


def template(inside: str, attributes: str = 'name="t"') -> str:
    return f'<template xmlns="{SYNAPSE_NS}" {attributes}>{inside}</template>'


def mistakes(xml: str) -> list[str]:
    return [finding.message for finding in compile_artifact(parse_xml(xml)).errors]


def called(xml: str, **given: Any) -> MessageContext:
    ctx = MessageContext(DictEnvironment())
    assert compiled(xml).call(given, ctx) is True
    return ctx


def test_a_sequence_template_has_parameters():
    found = compiled(template(f'{PARAMETERS}<parameter name="m" isMandatory="true"/><sequence><drop/></sequence>'))

    assert isinstance(found, SequenceTemplate)
    assert found.parameters == (
        TemplateParameter("symbol"),
        TemplateParameter("source", default="NASDAQ"),
        TemplateParameter("m", mandatory=True),
    )


def test_an_endpoint_template_keeps_the_endpoint_as_it_was_written():
    found = compiled(template('<parameter name="host"/><endpoint><address uri="http://$host/a"/></endpoint>'))

    assert isinstance(found, EndpointTemplate)
    assert found.parameters == ("host",)
    assert found.endpoint[0].get("uri") == "http://$host/a"


@pytest.mark.parametrize(
    ("xml", "mistake"),
    [
        (template("<sequence/>", ""), '<template> needs the attribute "name"'),
        (template(""), "<template> needs a child <sequence> or <endpoint>"),
        (template("<parameter/><sequence/>"), '<parameter> needs the attribute "name"'),
        (
            template('<parameter name="p" isMandatory="perhaps"/><sequence/>'),
            '<parameter> isMandatory "perhaps" is not true or false',
        ),
    ],
)
def test_what_is_wrong_with_a_template_is_said(xml: str, mistake: str):
    assert mistakes(xml) == [mistake]


def test_parameters_are_read_by_their_names():
    xml = template(
        f"""{PARAMETERS}<sequence>
            <property name="a" expression="$func:symbol"/>
            <property name="b" expression="get-property('func', 'source')"/>
            <property name="c" expression="fn:concat($func:symbol, $func:undeclared)"/>
        </sequence>"""
    )
    ctx = called(xml, symbol="IBM", undeclared="x")

    assert [ctx.get(name) for name in "abc"] == ["IBM", "NASDAQ", "IBM"]


def test_parameters_are_gone_when_the_template_has_ended():
    ctx = called(template(f"{PARAMETERS}<sequence/>"), symbol="IBM")

    assert ctx.get("symbol", "func") is None


def test_an_answer_to_a_send_in_a_template_still_sees_the_parameters():
    ctx = MessageContext(DictEnvironment())
    assert compiled(template(f"{PARAMETERS}<sequence><drop/></sequence>")).call({"symbol": "IBM"}, ctx) is False

    assert ctx.copy().get("symbol", "func") == "IBM"
    assert ctx.response(ctx.payload, ctx.headers, {}).get("symbol", "func") == "IBM"


def test_the_fault_sequence_of_a_template_sees_its_parameters():
    env = DictEnvironment(handler='<property name="seen" expression="$func:symbol"/>')
    failing = compiled(template(f'{PARAMETERS}<sequence><sequence key="no"/></sequence>', 'name="t" onError="handler"'))
    ctx = MessageContext(env)

    assert failing.call({"symbol": "IBM"}, ctx) is False
    assert ctx.get("seen") == "IBM"
