from dataclasses import replace

import pytest

from artifacts.synapse_xml import ProxyServiceFacts, read_facts, revised
from mediation.payloads.xml import parse_xml

SEED = """<proxy xmlns="http://ws.apache.org/ns/synapse"
                   name="websocketProxy1"
                   transports="http,https"
                   statistics="disable"
                   trace="disable"
                   startOnLoad="true">
    <target inSequence="dispatchSeq" faultSequence="outDispatchSeq"/>
    <description/>
</proxy>
"""


def test_facts_are_read():
    assert read_facts(parse_xml(SEED)) == ProxyServiceFacts(
        name="websocketProxy1",
        transports="http,https",
        in_sequence="dispatchSeq",
        fault_sequence="outDispatchSeq",
    )


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        ({"in_sequence": "other"}, 'inSequence="dispatchSeq"', 'inSequence="other"'),
        ({"fault_sequence": ""}, ' faultSequence="outDispatchSeq"', ""),
        ({"endpoint": "shop"}, 'faultSequence="outDispatchSeq"', 'faultSequence="outDispatchSeq" endpoint="shop"'),
    ],
)
def test_a_changed_fact_changes_one_attribute(change, before, after):
    text = revised(SEED, replace(read_facts(parse_xml(SEED)), **change))

    assert text == SEED.replace(before, after)


def test_a_stopped_service_is_written():
    text = revised(SEED, replace(read_facts(parse_xml(SEED)), start_on_load=False))

    assert text == SEED.replace('startOnLoad="true"', 'startOnLoad="false"')


@pytest.mark.parametrize("spelling", ["http https", "http, https", " http,https "])
def test_transports_that_are_the_same_are_not_respelled(spelling):
    text = SEED.replace("http,https", spelling)

    assert read_facts(parse_xml(text)).transports == "http,https"
    assert revised(text, replace(read_facts(parse_xml(text)), transports="http https")) is text


def test_an_endpoint_by_reference_is_changed_where_it_stands():
    text = '<proxy name="p"><target inSequence="in"><endpoint key="a"/></target></proxy>'
    facts = read_facts(parse_xml(text))

    assert facts.endpoint == "a"
    assert revised(text, replace(facts, endpoint="b")) == text.replace('key="a"', 'key="b"')


def test_an_inline_endpoint_has_no_name_and_stays():
    text = '<proxy name="p"><target><endpoint><address uri="http://x/"/></endpoint></target></proxy>'
    facts = read_facts(parse_xml(text))

    assert facts.endpoint == ""
    assert '<endpoint><address uri="http://x/"/></endpoint>' in revised(text, replace(facts, in_sequence="in"))


def test_a_missing_target_is_made():
    text = revised('<proxy name="p"/>', ProxyServiceFacts("p", in_sequence="in"))

    assert text == '<proxy name="p">\n    <target inSequence="in"/>\n</proxy>'
