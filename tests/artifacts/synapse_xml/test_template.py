from artifacts.synapse_xml import TemplateFacts, read_facts, revised
from mediation.payloads.xml import parse_xml

TEXT = """<template xmlns="http://ws.apache.org/ns/synapse" name="greet" onError="oops">
    <parameter name="who" isMandatory="true"/>
    <parameter name="how"/>
    <sequence><log/></sequence>
</template>
"""


def test_facts_are_read():
    assert read_facts(parse_xml(TEXT)) == TemplateFacts("greet", "sequence", "oops", "who, how")
    assert read_facts(parse_xml('<template name="t"><endpoint/></template>')) == TemplateFacts("t", "endpoint")
    assert read_facts(parse_xml('<template name="t"/>')) == TemplateFacts("t")


def test_facts_are_written_and_all_else_stays():
    text = revised(TEXT, TemplateFacts("hail", "sequence", "", "who, how"))

    assert text == TEXT.replace('name="greet" onError="oops"', 'name="hail"')
