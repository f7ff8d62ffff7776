from __future__ import annotations

from collections.abc import Iterator

import pytest

from mediation.errors import ExpressionSyntaxError, GrammarError
from mediation.json_options import json_output, use_switches
from mediation.payloads.json_xml import json_to_xml, xml_to_json
from mediation.payloads.xml import parse_xml, to_text

PREFIX = "synapse.commons.json.output."


@pytest.mark.parametrize(
    ("xml", "name", "value", "text"),
    [
        ("<a>7</a>", f"{PREFIX}autoPrimitive", "false", '{"a":"7"}'),
        ("<a>true</a>", f"{PREFIX}autoPrimitive", "true", '{"a":true}'),
        ("<r><a>7</a><a>77</a></r>", f"{PREFIX}disableAutoPrimitive.regex", "[0-9]", '{"r":{"a":["7",77]}}'),
        ("<r><a>1</a><a>2</a></r>", f"{PREFIX}jsonoutAutoArray", "false", '{"r":{"a":1,"a":2}}'),
        ("<r><?xml-multiple  a?><a>1</a></r>", f"{PREFIX}jsonoutMultiplePI", "true", '{"r":{"a":[1]}}'),
        ("<r><?xml-multiple  a?><a>1</a></r>", f"{PREFIX}jsonoutMultiplePI", "false", '{"r":{"a":1}}'),
        ("<r><?xml-multiple  a?><a>1</a><a>2</a></r>", f"{PREFIX}jsonoutAutoArray", "false", '{"r":{"a":[1,2]}}'),
        ("<a/>", f"{PREFIX}emptyXmlElemToEmptyStr", "true", '{"a":""}'),
        ("<a/>", "synapse.commons.enableXmlNullForEmptyElement", "false", '{"a":""}'),
        ("<a/>", "synapse.commons.enableXmlNullForEmptyElement", "true", '{"a":null}'),
        (
            '<n:a xmlns:n="urn:n" n:x="1" y="2"><b/></n:a>',
            "synapse.commons.json.preserve.namespace",
            "true",
            '{"n_a":{"@n_x":"1","@y":"2","b":null}}',
        ),
        ('<n:a xmlns:n="urn:n"/>', f"{PREFIX}enableNSDeclarations", "true", '{"a":{"@xmlns_n":"urn:n"}}'),
        ("<a>7</a>", "another.property", "x", '{"a":7}'),
    ],
)
def test_switches_change_how_xml_is_written_as_json(xml: str, name: str, value: str, text: str):
    assert xml_to_json(parse_xml(xml), json_output({name: value})) == text


def test_the_separator_of_prefixes_is_chosen():
    output = json_output({"synapse.commons.json.preserve.namespace": "true", f"{PREFIX}namespaceSepChar": ":"})

    assert xml_to_json(parse_xml('<n:a xmlns:n="urn:n"/>'), output) == '{"n:a":null}'


@pytest.fixture
def _own_switches() -> Iterator[None]:
    yield
    use_switches({})


@pytest.mark.usefixtures("_own_switches")
def test_a_server_has_switches_for_all_messages():
    use_switches({f"{PREFIX}autoPrimitive": "false", "synapse.json.to.xml.processing.instruction.enabled": "true"})

    assert to_text(json_to_xml({"a": [1]})) == "<jsonObject><?xml-multiple  a?><a>1</a></jsonObject>"
    assert xml_to_json(json_to_xml({"a": [1]})) == '{"a":["1"]}'
    # A mediator changes what it names; the rest is the server's.
    assert xml_to_json(parse_xml("<a>7</a>"), json_output({f"{PREFIX}jsonoutAutoArray": "true"})) == ('{"a":"7"}')


def test_a_switch_that_there_is_not_is_refused():
    with pytest.raises(GrammarError, match="ESB_JSON_SWITCHES: nothing is not one of"):
        use_switches({"nothing": "true"})


def test_mistakes_are_refused():
    with pytest.raises(GrammarError, match="is not true or false"):
        json_output({f"{PREFIX}autoPrimitive": "perhaps"})
    with pytest.raises(ExpressionSyntaxError):
        json_output({f"{PREFIX}disableAutoPrimitive.regex": "(a"})
