import time

import pytest

from mediation.errors import MediationError, PayloadError
from mediation.json_schema import JsonSchema, json_schema
from mediation.payloads.xml import SYNAPSE_NS
from tests.mediation.support import DictEnvironment


def entry(key: str, text: str) -> str:
    return f'<localEntry xmlns="{SYNAPSE_NS}" key="{key}"><![CDATA[{text}]]></localEntry>'


def schema(text: str, *others: str) -> JsonSchema:
    return json_schema("main", DictEnvironment(entry("main", text), *others))


def test_the_first_mistake_is_told():
    found = schema('{"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}')
    assert found.mistake('{"n": 1}') is None
    assert found.mistake('{"n": "x"}') == ('"x" is not of type "integer"', 'at /n: "x" is not of type "integer"')
    assert found.mistake("{}") == ('"n" is a required property', 'at /: "n" is a required property')


def test_draft_4_is_the_default():
    exclusive = '{"minimum": 1, "exclusiveMinimum": true}'
    assert schema(exclusive).mistake("1") is not None
    assert (
        schema('{"$schema": "http://json-schema.org/draft-07/schema#", "exclusiveMinimum": 1}').mistake("1") is not None
    )


def test_a_reference_is_the_key_of_a_local_entry():
    found = schema('{"$ref": "conf:/n.json"}', entry("conf:/n.json", '{"type": "integer"}'))
    assert found.mistake("1") is None
    assert found.mistake('"x"') is not None


@pytest.mark.parametrize("uri", ["http://127.0.0.1:9/x", "file:///etc/hostname"])
def test_nothing_else_is_read(uri: str):
    with pytest.raises(MediationError, match="Can not find JSON Schema"):
        schema(f'{{"$ref": "{uri}"}}')


@pytest.mark.parametrize(
    ("text", "reason"), [("{", "JSON"), ('{"type": 1}', "JSON Schema main"), ("[]", "JSON Schema main")]
)
def test_what_is_no_schema_is_refused(text: str, reason: str):
    with pytest.raises(MediationError, match=reason):
        schema(text)


def test_xml_is_no_schema():
    environment = DictEnvironment(f'<localEntry xmlns="{SYNAPSE_NS}" key="main"><a/></localEntry>')
    with pytest.raises(MediationError, match="Can not find valid JSON Schema content"):
        json_schema("main", environment)


def test_a_schema_is_current_until_an_entry_changes():
    environment = DictEnvironment(entry("main", '{"$ref": "other"}'), entry("other", "{}"))
    found = json_schema("main", environment)
    assert found.is_current(environment)
    environment.deploy(entry("other", '{"type": "null"}'))
    assert not found.is_current(environment)


def test_what_is_no_json_is_told_as_that():
    with pytest.raises(PayloadError):
        schema("{}").mistake("{")


@pytest.mark.parametrize("pattern", ["(a+)+$", "^(a|a)*$", "^(?=a)(a+)+$", r"^(a+)\\1+$"])
def test_patterns_do_not_take_for_ever(pattern: str):
    started = time.perf_counter()
    schema(f'{{"pattern": "{pattern}"}}').mistake(f'"{"a" * 5000}!"')
    assert time.perf_counter() - started < 2
