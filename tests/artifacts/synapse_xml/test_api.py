from dataclasses import replace

from artifacts.synapse_xml import ApiFacts, read_facts, revised
from mediation.payloads.xml import parse_xml

TEXT = """<api xmlns="http://ws.apache.org/ns/synapse" name="orders" context="/orders" version="1.0" version-type="url">
    <!-- keep me -->
    <resource methods="GET  POST" uri-template="/{id}"><inSequence><respond/></inSequence></resource>
    <resource methods="PUT" url-mapping="/a/*"/>
    <resource/>
</api>
"""
FACTS = ApiFacts(
    "orders",
    context="/orders",
    api_version="1.0",
    version_type="url",
    resources="GET POST /{id}\nPUT /a/*\nany method /*",
)


def test_facts_are_read():
    assert read_facts(parse_xml(TEXT)) == FACTS


def test_facts_are_written_and_all_else_stays():
    text = revised(TEXT, replace(FACTS, context="/o", hostname="shop.example", port="8280", api_version=""))

    changed = TEXT.replace('context="/orders" version="1.0"', 'context="/o"')
    assert text == changed.replace('version-type="url"', 'version-type="url" hostname="shop.example" port="8280"')


def test_resources_are_changed_in_the_xml_alone():
    assert revised(TEXT, replace(FACTS, resources="GET /x")) is TEXT
