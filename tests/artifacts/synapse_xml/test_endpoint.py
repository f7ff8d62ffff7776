from dataclasses import replace

import pytest

from artifacts.synapse_xml import EndpointFacts, read_facts, revised
from mediation.payloads.xml import parse_xml

ADDRESS = '<endpoint name="e">\n  <address uri="ws://localhost:8082/websocket" >\n    <timeout/></address></endpoint>'


@pytest.mark.parametrize(
    ("xml", "expected"),
    [
        (ADDRESS, EndpointFacts("e", "address", "ws://localhost:8082/websocket")),
        (
            '<endpoint name="e"><http method="get" uri-template="http://x/{uri.var.id}"/></endpoint>',
            EndpointFacts("e", "http", "http://x/{uri.var.id}", "get"),
        ),
        ('<endpoint name="e" key="other"/>', EndpointFacts("e", "indirect", "other")),
        ('<endpoint name="e" template="t" uri="http://x/"/>', EndpointFacts("e", "template", "http://x/")),
        ('<endpoint name="e"><default/></endpoint>', EndpointFacts("e", "default")),
        ('<endpoint name="e"><failover><endpoint/></failover></endpoint>', EndpointFacts("e", "failover")),
        ('<endpoint name="e"/>', EndpointFacts("e")),
    ],
)
def test_facts_are_read_and_writing_them_changes_nothing(xml, expected):
    facts = read_facts(parse_xml(xml))

    assert facts == expected
    assert revised(xml, facts) is xml


def test_an_address_is_changed_where_it_stands():
    text = revised(ADDRESS, replace(read_facts(parse_xml(ADDRESS)), address="wss://other/"))

    assert text == ADDRESS.replace("ws://localhost:8082/websocket", "wss://other/")


def test_a_method_is_removed():
    text = '<endpoint name="e"><http method="get" uri-template="http://x/"/></endpoint>'

    assert revised(text, replace(read_facts(parse_xml(text)), method="")) == text.replace(' method="get"', "")
